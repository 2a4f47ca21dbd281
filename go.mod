module libssrl

go 1.26

require ssrl v0.0.0

replace ssrl => ./ssrl
