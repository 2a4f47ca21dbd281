package scene

import "math"

// vec is a point or direction in metres, or a linear colour.
type vec struct{ x, y, z float64 }

func (a vec) add(b vec) vec { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) mul(s float64) vec {
	return vec{float64(a.x * s), float64(a.y * s), float64(a.z * s)}
}
func (a vec) times(b vec) vec {
	return vec{float64(a.x * b.x), float64(a.y * b.y), float64(a.z * b.z)}
}
func (a vec) dot(b vec) float64 {
	return float64(a.x*b.x) + float64(a.y*b.y) + float64(a.z*b.z)
}
func (a vec) unit() vec { return a.mul(1 / math.Sqrt(a.dot(a))) }

func (a vec) mix(b vec, t float64) vec {
	return vec{mix(a.x, b.x, t), mix(a.y, b.y, t), mix(a.z, b.z, t)}
}

// turned rotates a about the upright axis by an angle of these cosine and sine.
func (a vec) turned(cos, sin float64) vec {
	return vec{float64(cos*a.x) + float64(sin*a.z), a.y, float64(cos*a.z) - float64(sin*a.x)}
}
