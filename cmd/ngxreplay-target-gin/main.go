// Command ngxreplay-target-gin is a system under test for ngxreplay.
package main

import (
	"os"

	"ngxreplay/targets/app"
	"ngxreplay/targets/gin"
)

func main() { os.Exit(app.Main(gin.Program())) }
