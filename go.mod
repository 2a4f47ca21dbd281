module libssrl

go 1.26.0

require (
	github.com/stretchr/testify v1.12.1
	ssrl v0.0.0
)

require (
	github.com/goccy/go-yaml v1.19.2 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/image v0.47.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace ssrl => ./ssrl
