//go:build race

package rolebinding_test

// raceDetector tells that everything takes ten times as long.
const raceDetector = true
