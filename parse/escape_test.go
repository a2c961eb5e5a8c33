package parse

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestDecode(t *testing.T) {
	f := func(escape Escape, in, want string) {
		t.Helper()
		// Twice into the same memory, to prove that what stands in dst is kept.
		got := appendDecoded([]byte("kept"), []byte(in), escape)
		got = appendDecoded(got, []byte(in), escape)
		if string(got) != "kept"+want+want {
			t.Errorf("%s %q: got %q, want %q", escape, in, got, want)
		}
	}
	f(EscapeDefault, ``, ``)
	f(EscapeDefault, `plain`, `plain`)
	f(EscapeDefault, `\x22os\x22`, `"os"`)
	f(EscapeDefault, `\x5Cx22`, `\x22`)
	f(EscapeDefault, `\xe4\xE5`, "\xe4\xe5")
	f(EscapeDefault, `\x16\x03\x01\x00`, "\x16\x03\x01\x00")
	f(EscapeDefault, `say \"hi\" \\ there`, `say "hi" \ there`) // Apache
	f(EscapeDefault, `a\tb\r\n`, "a\tb\r\n")                    // Apache
	// What is no escape stays.
	f(EscapeDefault, `\`, `\`)
	f(EscapeDefault, `a\`, `a\`)
	f(EscapeDefault, `\x`, `\x`)
	f(EscapeDefault, `\x2`, `\x2`)
	f(EscapeDefault, `\xg0\x41`, `\xg0A`)
	f(EscapeDefault, `\q`, `\q`)
	f(EscapeDefault, `\u0041`, `\u0041`)

	f(EscapeJSON, `a\"b\\c\/d`, `a"b\c/d`)
	f(EscapeJSON, `\b\f\n\r\t`, "\b\f\n\r\t")
	f(EscapeJSON, `\u0000\u001F`, "\x00\x1f")
	f(EscapeJSON, `\u00e9`, "é")
	f(EscapeJSON, `\uD83D\uDE00`, "\U0001F600")
	f(EscapeJSON, `\uD83D`, "\uFFFD")
	f(EscapeJSON, `\uD83Dx`, "\uFFFDx")
	f(EscapeJSON, `\u12`, `\u12`)
	f(EscapeJSON, `\u12g4`, `\u12g4`)
	f(EscapeJSON, "\xff\x80", "\xff\x80")
	f(EscapeJSON, `\x22`, `"`) // default escaping inside a format that looks like JSON

	f(EscapeNone, `\x22\"\`, `\x22\"\`)
}

func TestParseEscape(t *testing.T) {
	f := func(in string, want Escape, ok bool) {
		t.Helper()
		got, err := ParseEscape(in)
		if got != want || (err == nil) != ok {
			t.Errorf("%q: got %v, %v", in, got, err)
		}
		if ok && in != "" && got.String() != in {
			t.Errorf("%q: String is %q", in, got)
		}
	}
	f("", EscapeDefault, true)
	f("default", EscapeDefault, true)
	f("json", EscapeJSON, true)
	f("none", EscapeNone, true)
	f("JSON", 0, false)
	if got := Escape(9).String(); got != "Escape(9)" {
		t.Error(got)
	}
}

// FuzzEscape writes bytes as nginx does and reads them back.
func FuzzEscape(f *testing.F) {
	f.Add([]byte("GET /\"\\ HTTP/1.1\x00\x7f\xff"))
	f.Add([]byte(`\x22\u0041\`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, escape := range []Escape{EscapeDefault, EscapeJSON, EscapeNone} {
			written := appendEscapedAs(nil, b, escape)
			if got := appendDecoded(nil, written, escape); !bytes.Equal(got, b) {
				t.Errorf("%s: %q was written %q and read %q", escape, b, written, got)
			}
			appendDecoded(nil, b, escape) // any bytes at all
		}
		if utf8.Valid(b) { // the standard library as the oracle
			quoted, err := json.Marshal(string(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := appendDecoded(nil, quoted[1:len(quoted)-1], EscapeJSON); !bytes.Equal(got, b) {
				t.Errorf("%s read as %q, want %q", quoted, got, b)
			}
		}
	})
}
