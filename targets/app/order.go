package app

import (
	"fmt"
	"hash/fnv"
)

// Order is the body of POST /api/order. gin reads its rules from `binding`, the
// others from `validate`; the conformance test holds them together.
type Order struct {
	Customer string      `json:"customer" binding:"required,max=100" validate:"required,max=100"`
	Email    string      `json:"email" binding:"omitempty,email" validate:"omitempty,email"`
	Items    []OrderItem `json:"items" binding:"required,min=1,max=100,dive" validate:"required,min=1,max=100,dive"`
}

// OrderItem is one line of an order.
type OrderItem struct {
	SKU      string `json:"sku" binding:"required,alphanum,max=32" validate:"required,alphanum,max=32"`
	Quantity int    `json:"quantity" binding:"min=1,max=1000" validate:"min=1,max=1000"`
	Price    int64  `json:"price_cents" binding:"min=0,max=100000000" validate:"min=0,max=100000000"`
}

// Receipt is the answer of POST /api/order.
type Receipt struct {
	ID         string `json:"id"`
	Customer   string `json:"customer"`
	Items      int    `json:"items"`
	TotalCents int64  `json:"total_cents"`
}

// PlaceOrder answers POST /api/order with status 201. The id depends on the order
// alone, so that all targets give the same.
func PlaceOrder(o Order) Receipt {
	r := Receipt{Customer: o.Customer}
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(o.Customer)) // a hash never fails
	for _, item := range o.Items {
		r.Items += item.Quantity
		r.TotalCents += int64(item.Quantity) * item.Price
		_, _ = fmt.Fprintf(hash, "\n%s %d %d", item.SKU, item.Quantity, item.Price)
	}
	r.ID = fmt.Sprintf("%016x", hash.Sum64())
	return r
}
