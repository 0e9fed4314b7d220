package access

import "testing"

func TestOfUserName(t *testing.T) {
	tests := map[string]bool{
		"user.userName":                                  true,
		" user.userName ":                                true,
		"'oidc:' + user.userName":                        true,
		`"oidc:"+user.userName`:                          true,
		"user.userName + '@example.com'":                 true,
		"'a' + user.userName + 'b'":                      true,
		"":                                               false,
		"user.displayName":                               false,
		"user.userName.lowerAscii()":                     false,
		"user.userName.split('@')[0]":                    false,
		"'x' + user.userName + user.displayName":         false,
		"user.active ? user.userName : 'x'":              false,
		`'\'' + user.userName`:                           false, // not looked into
		"user.emails[0].value + user.userName":           false,
		"'a' + user.userName == 'b' ? 'c' : 'd' + 'e'":   false,
		"'constant'":                                     false,
		"user.userName + user.userName":                  false,
		"'a' + 'b' + user.userName":                      false,
		"user.userNames":                                 false,
		"'oidc:' + user.userName + '\n' + user.nickName": false,
	}
	for expression, want := range tests {
		if got := ofUserName(expression); got != want {
			t.Errorf("%s: got %v, want %v", expression, got, want)
		}
	}
}
