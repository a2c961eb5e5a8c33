package report

import (
	"bytes"
	"maps"
	"strings"
	"testing"

	"ngxreplay/replay/wire/h2"
)

// A run over HTTP/2 says which client it was and how calls ended, in each rendering, and is read back as it was.
func TestHTTP2IsMarked(t *testing.T) {
	run := sampleRun()
	run.Config.HTTP = 2
	run.Targets[0].Client = ClientHTTP2
	run.Targets[0].GRPC = Calls{h2.GRPCOK: 1200, h2.GRPC(15): 7, h2.GRPCNone: 1}
	var text, html, doc bytes.Buffer
	for _, err := range []error{WriteText(&text, run, TextOptions{}), WriteHTML(&html, run), WriteJSON(&doc, run)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const outcomes = "1,200 OK, 7 UNAVAILABLE, 1 without a status; 8 not OK"
	page := strings.ReplaceAll(html.String(), tie, " ")
	if !strings.Contains(text.String(), outcomes) || !strings.Contains(page, outcomes) || !strings.Contains(page, ClientHTTP2) {
		t.Errorf("%s", &text)
	}
	if !strings.Contains(doc.String(), `"UNAVAILABLE": 7`) || !strings.Contains(doc.String(), `"client": "net/http, HTTP/2"`) {
		t.Errorf("%s", &doc)
	}
	again, err := ReadJSON(&doc)
	if err != nil || again.Config.HTTP != 2 || !maps.Equal(again.Targets[0].GRPC, run.Targets[0].GRPC) {
		t.Errorf("%+v, %v", again.Targets[0].GRPC, err)
	}
	run.Targets[0].GRPC = Calls{h2.GRPCOK: 5}
	if items := calls(run); len(items) != 1 || items[0].Lines[0].Text != "5"+tie+"OK" {
		t.Errorf("%+v", items)
	}
}
