// Command norway writes config/samples/norway/municipalities.yaml and
// networks.yaml from the official list of municipalities and the list of
// networks beside them:
//
//	go run ./hack/norway
//
// The two files are kept in Git, so that nobody needs this program to use them;
// its test fails when they are stale.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

func main() {
	folder := flag.String("folder", "config/samples/norway", "folder of the lists, and of what is written")
	flag.Parse()
	if err := run(*folder); err != nil {
		log.Fatalf("norway: %v", err)
	}
}

func run(folder string) error {
	files, err := generate(os.DirFS(folder))
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o644); err != nil { //nolint:gosec // meant to be read by everybody
			return fmt.Errorf("writing a sample: %w", err)
		}
		fmt.Println(path)
	}
	return nil
}
