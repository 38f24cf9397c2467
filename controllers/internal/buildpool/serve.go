package buildpool

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/allmenning/allmenning/internal/bundle"
)

// Serve answers questions from in on out, one after the other, until in ends. It is what a worker process
// does. It returns when in ends, also in the middle of a build: nobody waits for that any more.
func Serve(in io.Reader, out io.Writer) error {
	questions := make(chan question)
	ended := make(chan error, 1)
	go func() {
		for {
			var q question
			if err := read(in, &q); err != nil {
				ended <- err
				return
			}
			questions <- q
		}
	}()

	answers := make(chan error, 1)
	var kept bundle.Bundle
	for {
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case err := <-answers:
			if err != nil {
				return err
			}
		case q := <-questions:
			if q.Files != nil {
				kept = bundle.Bundle{Digest: q.Digest, Files: q.Files}
			}
			b := kept
			go func() { answers <- write(out, work(b, q)) }()
		}
	}
}

// work answers one question.
func work(b bundle.Bundle, q question) answer {
	if b.Digest != q.Digest {
		return answer{Fault: "the worker was not given the bundle"}
	}
	build := bundle.Build
	if q.Scan {
		build = bundle.Try
	}
	built, err := build(b, q.Context)
	var refused *bundle.RefusedError
	if errors.As(err, &refused) {
		err = nil
	}
	if err != nil {
		return answer{Fault: err.Error()}
	}
	out := answer{Adjusted: built.Adjusted, Restarts: built.Restarts, Files: built.Files, Warnings: built.Warnings}
	if refused != nil {
		out.Findings = refused.Findings
	}
	for _, o := range built.Objects {
		content, err := json.Marshal(o.Object)
		if err != nil {
			return answer{Fault: "an object can't be written as JSON"} // the cause could hold a value
		}
		out.Objects = append(out.Objects, content)
	}
	return out
}
