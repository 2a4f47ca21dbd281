package ssrl

// Version is the version of this library, the command line and the C ABI's
// library file. The newest entry of CHANGELOG.md and the tag ssrl/vX.Y.Z carry
// the same number.
const Version = "0.1.0"
