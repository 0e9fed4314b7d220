//go:build !race

package rolebinding_test

const raceDetector = false
