package membership

import (
	"iter"
	"math/bits"
)

// bitmap is the set of a leaf's removed positions: position i is bit i%8,
// lowest first, of byte i/8. Positions past its end are not in it.
type bitmap []byte

func (b bitmap) has(i int) bool {
	return i/8 < len(b) && b[i/8]&(1<<(i%8)) != 0
}

// with is a copy of b that also has the given positions. It is as long as its
// highest position asks for.
func (b bitmap) with(positions []int) bitmap {
	size := len(b)
	for _, i := range positions {
		size = max(size, i/8+1)
	}
	c := make(bitmap, size)
	copy(c, b)
	for _, i := range positions {
		c[i/8] |= 1 << (i % 8)
	}
	return c
}

// all iterates over the positions in the set.
func (b bitmap) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, x := range b {
			for ; x != 0; x &= x - 1 {
				if !yield(i*8 + bits.TrailingZeros8(x)) {
					return
				}
			}
		}
	}
}

// count is how many positions are in the set.
func (b bitmap) count() int {
	n := 0
	for _, x := range b {
		n += bits.OnesCount8(x)
	}
	return n
}

// length is the highest position in the set plus one.
func (b bitmap) length() int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0 {
			return i*8 + bits.Len8(b[i])
		}
	}
	return 0
}
