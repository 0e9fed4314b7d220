package expression

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// cost counts what the functions of guard cost: a tenth of a unit for each
// byte or element, as CEL counts those of its own.
type cost struct{}

// CallCost implements interpreter.ActualCostEstimator.
func (cost) CallCost(function, _ string, args []ref.Val, result ref.Val) *uint64 {
	switch function {
	case plainFunction:
		return new(uint64(0))
	case replaceFunction, joinFunction:
		size := types.Int(0)
		for _, value := range append(args, result) {
			if sized, ok := value.(traits.Sizer); ok {
				n, _ := sized.Size().(types.Int)
				size += n
			}
		}
		return new(uint64(size)/10 + 1)
	}
	return nil
}
