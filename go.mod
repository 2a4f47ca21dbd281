module libssrl

go 1.26.0

require ssrl v0.0.0

replace ssrl => ./ssrl
