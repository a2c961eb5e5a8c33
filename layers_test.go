// Package ngxreplay_test holds the tests of the whole.
package ngxreplay_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports point one way: parse <- replay/trace <- replay <- report <- cmd. Each package lists what it must not reach.
func TestImportsPointOneWay(t *testing.T) {
	const m = "ngxreplay/"
	frameworks := []string{"github.com/gin-gonic/gin", "github.com/labstack/echo/v4", "github.com/gofiber/fiber/v2",
		"github.com/go-chi/chi/v5", "github.com/gobuffalo/buffalo", "github.com/julienschmidt/httprouter"}
	for pkg, forbidden := range map[string][]string{
		"parse":                {m + "replay", m + "report", m + "targets", m + "cmd"},
		"replay/pace":          {m},
		"replay/route":         {m, "github.com", "golang.org"},
		"replay/trace":         {m + "replay/pace", m + "replay/traffic", m + "replay/wire", m + "report", m + "targets", m + "cmd"},
		"replay/traffic":       {m + "replay/wire", m + "report", m + "targets", m + "cmd"},
		"replay/route/openapi": {m + "parse", m + "replay/trace", m + "replay/traffic", m + "replay/pace", m + "replay/wire", m + "report", m + "targets", m + "cmd"},
		"replay/live":          {m + "replay/wire", m + "report", m + "targets", m + "cmd"},
		"replay/wire":          {m + "replay/pace", m + "replay/traffic", m + "report", m + "targets", m + "cmd"},
		"replay/wire/h2":       {m + "replay/pace", m + "replay/traffic", m + "report", m + "targets", m + "cmd"},
		"replay/secret":        {m, "github.com", "golang.org"},
		"replay/anonymize":     {m + "replay/wire", m + "replay/pace", m + "report", m + "targets", m + "cmd"},
		"replay/export":        {m + "replay/pace", m + "report", m + "targets", m + "cmd"},
		"replay/results":       {m + "report", m + "targets", m + "cmd"},
		"replay":               {m + "report", m + "targets", m + "cmd", "github.com/getkin"},
		"report":               {m + "targets", m + "cmd"},
		"targets":              append([]string{m + "targets/app", m + "report", m + "cmd"}, frameworks...),
		"targets/contract":     {m, "github.com", "golang.org"},
		"targets/app":          append([]string{m + "replay", m + "parse", m + "report"}, frameworks...),
		"targets/gin":          {m + "replay", m + "parse", m + "report"},
		"targets/echo":         {m + "replay", m + "parse", m + "report"},
		"targets/fiber":        {m + "replay", m + "parse", m + "report"},
		"targets/chi":          {m + "replay", m + "parse", m + "report"},
		"targets/buffalo":      {m + "replay", m + "parse", m + "report"},
		"targets/nethttp":      {m + "replay", m + "parse", m + "report"},
		"cmd/ngxreplay":        append([]string{m + "targets/app"}, frameworks...),
	} {
		out, err := exec.Command("go", "list", "-deps", "./"+pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", pkg, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			for _, prefix := range forbidden {
				if dep != m+pkg && strings.HasPrefix(dep+"/", strings.TrimSuffix(prefix, "/")+"/") {
					t.Errorf("%s must not reach %s", pkg, dep)
				}
			}
		}
	}
}
