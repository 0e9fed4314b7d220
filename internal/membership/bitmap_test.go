package membership

import (
	"bytes"
	"testing"
)

func TestBitmap(t *testing.T) {
	for name, tc := range map[string]struct {
		start     bitmap
		positions []int
		want      bitmap
	}{
		"first position":     {nil, []int{0}, bitmap{0b1}},
		"lowest bit first":   {nil, []int{1, 7}, bitmap{0b1000_0010}},
		"only so long":       {nil, []int{8}, bitmap{0, 0b1}},
		"keeps what it has":  {bitmap{0b1}, []int{9, 0}, bitmap{0b1, 0b10}},
		"nothing new":        {bitmap{0b1}, nil, bitmap{0b1}},
		"shorter than it is": {bitmap{0, 0b1}, []int{2}, bitmap{0b100, 0b1}},
		"last in a leaf":     {nil, []int{1023}, append(make(bitmap, 127), 0x80)},
	} {
		t.Run(name, func(t *testing.T) {
			before := bytes.Clone(tc.start)
			got := tc.start.with(tc.positions)
			if !bytes.Equal(got, tc.want) {
				t.Errorf("got %08b, want %08b", got, tc.want)
			}
			if !bytes.Equal(tc.start, before) {
				t.Error("the original was written to")
			}
			for _, i := range tc.positions {
				if !got.has(i) {
					t.Errorf("position %d is not in it", i)
				}
			}
			if got.has(got.length()) || !got.has(got.length()-1) {
				t.Errorf("length is %d", got.length())
			}
		})
	}
}
