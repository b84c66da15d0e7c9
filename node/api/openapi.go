package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
)

//go:embed openapi.json
var openapi []byte

// document describes the interface to programs, OpenAPI 3.1.
func (a *API) document(*http.Request) (any, error) { return json.RawMessage(openapi), nil }
