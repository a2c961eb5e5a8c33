package report

import "fmt"

// Bodies are the bodies of a target's answers, by their hashes.
type Bodies struct {
	Hashed int64 `json:"hashed"`
	// Base is the first target, whose bodies these are compared with; "" for that itself. Compared are the requests that
	// both answered and that have a body at one of them; Differ are those of them whose bodies are not the same.
	Base     string `json:"base,omitempty"`
	Compared int64  `json:"compared,omitempty"`
	Differ   int64  `json:"differ,omitempty"`
}

// bodies tells how many bodies were hashed, and of how many requests they differ between targets.
func bodies(run *Run) []item {
	var items []item
	for i := range run.Targets {
		if t := &run.Targets[i]; t.Bodies != nil {
			line := t.Bodies.cell()
			switch {
			case t.Bodies.Differ == 0:
			case run.Config.Results:
				line.Text += ": see results.parquet"
			default:
				line.Text += ": -o DIR --results tells which"
			}
			items = append(items, item{excerpt(t.Name, longestLabel), []cell{line}})
		}
	}
	return items
}

func (b *Bodies) cell() cell {
	hashed, base := count(b.Hashed)+" hashed", excerpt(b.Base, longestLabel)
	switch {
	case b.Base == "":
		return cell{Text: hashed}
	case b.Compared == 0:
		return cell{Text: fmt.Sprintf("%s; none to compare with %s's", hashed, base)}
	case b.Differ == 0:
		return cell{Text: fmt.Sprintf("%s; equal to %s's in all %s", hashed, base, plural(b.Compared, "request", "requests"))}
	}
	return cell{fmt.Sprintf("%s; differ from %s's in %s of %s", hashed, base, count(b.Differ), plural(b.Compared, "request", "requests")), warn}
}
