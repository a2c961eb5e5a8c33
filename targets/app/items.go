package app

import (
	"fmt"
	"strconv"
)

// itemCount is how many items exist.
const itemCount = 1000

// Item is one element of GET /api/v1/items.
type Item struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// ItemPage is the answer of GET /api/v1/items.
type ItemPage struct {
	Limit  int64  `json:"limit"`
	Offset int64  `json:"offset"`
	Total  int64  `json:"total"`
	Items  []Item `json:"items"`
}

// ListItems answers GET /api/v1/items. Both arguments are query values as text;
// an empty one means the default, 20 items from the first.
func ListItems(limit, offset string) (ItemPage, error) {
	l, ok := queryInt(limit, 20)
	if !ok || l < 1 || l > 100 {
		return ItemPage{}, badRequest("invalid limit: send an integer from 1 to 100")
	}
	o, ok := queryInt(offset, 0)
	if !ok || o < 0 {
		return ItemPage{}, badRequest("invalid offset: send an integer that is not negative")
	}
	page := ItemPage{Limit: l, Offset: o, Total: itemCount, Items: []Item{}}
	for id := o; id < itemCount && id-o < l; id++ {
		page.Items = append(page.Items, Item{ID: id, Name: fmt.Sprintf("item %d", id)})
	}
	return page, nil
}

func queryInt(text string, missing int64) (int64, bool) {
	if text == "" {
		return missing, true
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
