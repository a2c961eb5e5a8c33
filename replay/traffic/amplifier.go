package traffic

import (
	"bytes"
	"cmp"
	"io"
	"strconv"
	"time"

	"ngxreplay/replay/pace"
	"ngxreplay/replay/trace"
)

// A thinner keeps whole clients. Requests stay where they are.
type thinner struct {
	source Stream
	amp    *pace.Amplifier
	left   int64 // requests left out
}

func (t *thinner) Read(dst []Request) (int, error) {
	n, err := t.source.Read(dst)
	kept := 0
	for _, r := range dst[:n] {
		if t.amp.Copies(r.Client) == 0 {
			t.left++
			continue
		}
		dst[kept] = r
		kept++
	}
	return kept, err
}

// readAhead is how many requests the stages take from one another at once.
const readAhead = 256

// An amplifier adds copies of clients, and merges them in order of time. A copy of a request that is still to be read
// can come before one of those that were: they wait in a heap until none can, which is never beyond a second.
type amplifier struct {
	source  Stream // whose requests stay valid
	amp     *pace.Amplifier
	waiting instances
	horizon time.Duration // nothing that is still to be read comes before it
	seq     uint64
	copied  int64
	end     error // of the source
	in      []Request
	forged  []trace.Request // those of the last Read that have another forwarded address
	arena   []byte          // their addresses
}

func newAmplifier(source Stream, amp *pace.Amplifier) *amplifier {
	return &amplifier{source: source, amp: amp, in: make([]Request, readAhead)}
}

func (a *amplifier) Read(dst []Request) (n int, err error) {
	if len(a.forged) < len(dst) {
		a.forged = make([]trace.Request, len(dst))
	}
	a.arena = a.arena[:0]
	for n < len(dst) {
		switch {
		case len(a.waiting) > 0 && (a.end != nil || a.waiting[0].At <= a.horizon):
			dst[n] = a.waiting.pop()
			if dst[n].Copy > 0 {
				a.disguise(&dst[n], &a.forged[n])
			}
			n++
		case a.end != nil:
			return n, a.end
		default:
			a.fill()
		}
	}
	if len(a.waiting) == 0 && a.end == io.EOF {
		return n, io.EOF
	}
	return n, nil
}

// fill reads a batch and places its copies.
func (a *amplifier) fill() {
	var n int
	n, a.end = a.source.Read(a.in)
	for _, r := range a.in[:n] {
		original := r
		copies := a.amp.Copies(r.Client)
		a.copied += int64(max(copies-1, 0))
		for c := range copies {
			r.At = a.amp.Shift(original.At, original.Client, c)
			r.Client = pace.Identity(original.Client, c)
			r.Copy = int32(c)
			a.waiting.push(instance{r, a.seq})
			a.seq++
		}
		a.horizon = a.amp.Earliest(original.At)
	}
}

// disguise gives a copy an address of its own where the request has a forwarded one. The rest of the header, the
// proxies on the way, stays.
func (a *amplifier) disguise(r *Request, space *trace.Request) {
	for i := range r.Recorded.Headers {
		if string(r.Recorded.Headers[i].Name) != forwardedFor {
			continue
		}
		headers := append(space.Headers[:0], r.Recorded.Headers...)
		*space = *r.Recorded
		space.Headers = headers
		start := len(a.arena)
		a.arena = appendAddress(a.arena, r.Client)
		if comma := bytes.IndexByte(headers[i].Value, ','); comma >= 0 {
			a.arena = append(a.arena, headers[i].Value[comma:]...)
		}
		headers[i].Value = a.arena[start:len(a.arena):len(a.arena)]
		r.Recorded = space
		return
	}
}

const forwardedFor = "x-forwarded-for"

// appendAddress appends an address of 198.18.0.0/15, which is set aside for tests of this kind (RFC 2544).
func appendAddress(dst []byte, client uint64) []byte {
	dst = append(dst, "198."...)
	dst = strconv.AppendUint(dst, 18+client>>16&1, 10)
	dst = append(dst, '.')
	dst = strconv.AppendUint(dst, client>>8&0xff, 10)
	dst = append(dst, '.')
	return strconv.AppendUint(dst, client&0xff, 10)
}

// An instance is a request that waits for its turn.
type instance struct {
	Request
	seq uint64 // keeps the order of a client's requests, and makes that of all requests one
}

func (i *instance) compare(o *instance) int {
	return cmp.Or(cmp.Compare(i.At, o.At), cmp.Compare(i.seq, o.seq))
}

// instances are a binary heap: container/heap would allocate for each of them.
type instances []instance

func (h *instances) push(x instance) {
	*h = append(*h, x)
	list, i := *h, len(*h)-1
	for i > 0 {
		parent := (i - 1) / 2
		if x.compare(&list[parent]) >= 0 {
			break
		}
		list[i] = list[parent]
		i = parent
	}
	list[i] = x
}

func (h *instances) pop() Request {
	list := *h
	top, x := list[0].Request, list[len(list)-1]
	list[len(list)-1] = instance{} // lets go of its request
	list = list[:len(list)-1]
	*h = list
	for i := 0; len(list) > 0; {
		child := 2*i + 1
		if child+1 < len(list) && list[child+1].compare(&list[child]) < 0 {
			child++
		}
		if child >= len(list) || x.compare(&list[child]) <= 0 {
			list[i] = x
			break
		}
		list[i] = list[child]
		i = child
	}
	return top
}
