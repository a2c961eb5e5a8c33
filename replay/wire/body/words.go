package body

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"text/template"
	"time"

	"github.com/brianvoe/gofakeit/v7"
)

// words are what templates draw from. The same seed and number give the same words.
type words struct {
	draw *rand.PCG
	fake *gofakeit.Faker
}

func newWords() *words {
	draw := rand.NewPCG(0, 0)
	return &words{draw: draw, fake: gofakeit.NewFaker(draw, false)}
}

// seed makes the draws those of one request.
func (w *words) seed(seed, n uint64) { w.draw.Seed(seed, n) }

// functions are those of the templates; docs/guide.md lists them.
func (w *words) functions() template.FuncMap {
	f := w.fake
	return template.FuncMap{
		"name": f.Name, "firstname": f.FirstName, "lastname": f.LastName, "username": f.Username, "email": f.Email, "phone": f.Phone,
		"street": f.Street, "city": f.City, "zip": f.Zip, "country": f.Country, "company": f.Company, "product": f.ProductName,
		"word": f.Word, "sentence": w.sentence, "uuid": f.UUID, "bool": f.Bool, "ip": f.IPv4Address,
		"int": w.integer, "float": w.float, "date": w.date, "time": w.time, "hex": w.hex, "pick": w.pick, "json": quote,
	}
}

// most bounds what one call of a function makes.
const most = 10_000

func (w *words) sentence(n int) (string, error) {
	if n < 1 || n > most {
		return "", fmt.Errorf("sentence %d: want 1 to %d words", n, most)
	}
	var text strings.Builder // gofakeit's own sentences are as long as they like
	for i := range n {
		if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(w.fake.LoremIpsumWord())
	}
	return text.String() + ".", nil
}

func (w *words) integer(low, high int) (int, error) {
	if low > high {
		return 0, fmt.Errorf("int %d %d: want the smaller number first", low, high)
	}
	return w.fake.IntRange(low, high), nil
}

// float takes any numbers, because templates tell 1 from 1.0.
func (w *words) float(low, high any) (string, error) {
	l, err := number(low)
	h, err2 := number(high)
	if err := errors.Join(err, err2); err != nil {
		return "", err
	}
	if l > h {
		return "", fmt.Errorf("float %v %v: want the smaller number first", low, high)
	}
	return fmt.Sprintf("%.2f", w.fake.Float64Range(l, h)), nil
}

func number(v any) (float64, error) {
	switch n := v.(type) {
	case int:
		return float64(n), nil
	case float64:
		return n, nil
	}
	return 0, fmt.Errorf("float: %v is no number", v)
}

// The years that dates are drawn from. They do not move with the clock: a replay must be the same tomorrow.
var (
	firstDay = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (w *words) moment() time.Time {
	span := uint64(lastDay.Unix() - firstDay.Unix())
	return time.Unix(firstDay.Unix()+int64(w.draw.Uint64()%span), 0).UTC()
}

func (w *words) date() string { return w.moment().Format(time.DateOnly) }
func (w *words) time() string { return w.moment().Format(time.RFC3339) }

func (w *words) hex(n int) (string, error) {
	if n < 1 || n > most {
		return "", fmt.Errorf("hex %d: want 1 to %d digits", n, most)
	}
	const digits = "0123456789abcdef"
	text := make([]byte, n)
	for i := range text {
		text[i] = digits[w.draw.Uint64()%16]
	}
	return string(text), nil
}

func (w *words) pick(items ...any) (any, error) {
	if len(items) == 0 {
		return nil, errors.New("pick: from nothing")
	}
	return items[w.draw.Uint64()%uint64(len(items))], nil
}

// quote is v as JSON, with its quotes: for what comes from the log.
func quote(v any) (string, error) {
	text, err := json.Marshal(v)
	return string(text), err
}
