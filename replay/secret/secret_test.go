package secret

import "testing"

func TestParameter(t *testing.T) {
	m := NewMatcher()
	for name, want := range map[string]bool{
		"token": true, "access_token": true, "API-KEY": true, "user[password]": true, "PHPSESSID": true, "X-Amz-Signature": true,
		"email": true, "e-mail": true, "code": true, "Key": true, "jwt": true, "_csrf": true, "ticket": true, "nonce": true,
		"": false, "page": false, "monkey": false, "codec": false, "q": false, "utm_source": false, "user": false,
	} {
		if got := m.Parameter([]byte(name)); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestSchemeIsSpelledAsItCame(t *testing.T) {
	for value, want := range map[string]string{"Bearer abc": "Bearer", "BASIC x": "BASIC", "abc": "", "Bearer": "", "mysecret abc": ""} {
		if got := Scheme(value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
