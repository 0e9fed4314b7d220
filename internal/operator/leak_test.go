package operator

import (
	"testing"

	"github.com/rollcall-scim/rollcall/test/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
