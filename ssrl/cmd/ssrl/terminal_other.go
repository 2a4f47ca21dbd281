//go:build !unix

package main

import "os"

// columns is how wide a terminal is, 0 for what is none; here nobody knows.
func columns(*os.File) int { return 0 }
