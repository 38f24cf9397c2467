package buildpool

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/allmenning/allmenning/internal/bundle"
	"github.com/allmenning/allmenning/internal/chart"
	"github.com/allmenning/allmenning/internal/contract"
)

// maxFrame bounds one question or answer: the files of a bundle in base64, or its objects, with room for
// what is around them.
const maxFrame = 4 * bundle.MaxUnpackedBytes

// question is what a worker is asked.
type question struct {
	// Files of the bundle; nil where the worker has them from the question before.
	Files map[string][]byte `json:",omitempty"`
	// Digest of the bundle.
	Digest string
	// Scan says to look first whether the bundle may be built at all.
	Scan bool
	// Context to build it for.
	Context bundle.Context
}

// answer is what a worker answers: objects, or why there are none.
type answer struct {
	// Objects as JSON, in their order.
	Objects []json.RawMessage `json:",omitempty"`
	// Adjusted says what was changed to make them fit.
	Adjusted []string `json:",omitempty"`
	// Restarts are those of Adjusted that are about what a chart draws to restart pods.
	Restarts []chart.Restart `json:",omitempty"`
	// Files are the templates of a chart that they come from, and Warnings what is warned of.
	Files    map[string]string  `json:",omitempty"`
	Warnings []contract.Finding `json:",omitempty"`
	// Findings are why the bundle may not be built, or, of a chart, why it is not; beside those about single objects
	// there are the objects.
	Findings []contract.Finding `json:",omitempty"`
	// Fault says why the bundle does not build.
	Fault string `json:",omitempty"`
}

// size is about how much memory an answer takes, in bytes.
func (a answer) size() int {
	n := 0
	for _, object := range a.Objects {
		n += len(object)
	}
	for name, content := range a.Files {
		n += len(name) + len(content)
	}
	return n
}

// write sends a value: its length in four bytes, the most significant first, and then JSON.
func write(out io.Writer, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return errors.New("a value can't be written as JSON") // the cause could hold a parameter
	}
	if len(content) > maxFrame || len(content) > math.MaxUint32 {
		return fmt.Errorf("%d bytes are too many for one message", len(content))
	}
	if err := binary.Write(out, binary.BigEndian, uint32(len(content))); err != nil { //nolint:gosec // it was compared with the largest
		return err
	}
	_, err = out.Write(content)
	return err
}

// read receives a value. io.EOF means that the other side has ended.
func read(in io.Reader, value any) error {
	var length [4]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size > maxFrame {
		return fmt.Errorf("a message of %d bytes is larger than any", size)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(in, content); err != nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return errors.New("a message is not JSON") // the cause could hold a parameter
	}
	return nil
}
