package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// patience is how long an attempt may take. A wall that drops packets makes it wait all of it.
const patience = 1500 * time.Millisecond

// question asks DNS for the address of the root: any server answers something.
func question() []byte { return []byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1} }

// try connects, sends, and reads the first line of what is answered.
func try(ctx context.Context, target, from string) outcome {
	kind, address, _ := strings.Cut(target, ":")
	answer, err := exchange(ctx, kind, address, from)
	if err != nil {
		return outcome{Fault: err.Error()}
	}
	return outcome{Answer: answer}
}

func exchange(ctx context.Context, kind, address, from string) (string, error) {
	network := map[string]string{"http": "tcp", "tcp": "tcp", "udp": "udp"}[kind]
	dialer := net.Dialer{Timeout: patience}
	switch address := net.ParseIP(from); {
	case address == nil: // the system chooses
	case network == "udp":
		dialer.LocalAddr = &net.UDPAddr{IP: address}
	default:
		dialer.LocalAddr = &net.TCPAddr{IP: address}
	}
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer func() { _ = connection.Close() }()
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		return "", err
	}
	switch kind {
	case "http":
		if _, err := fmt.Fprintf(connection, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n", address); err != nil {
			return "", err
		}
		content, err := io.ReadAll(io.LimitReader(connection, 4096))
		if len(content) == 0 && err != nil {
			return "", err
		}
		head, body, _ := strings.Cut(string(content), "\r\n\r\n")
		status, _, _ := strings.Cut(head, "\r\n")
		return strings.TrimSpace(status + " " + body), nil
	case "tcp":
		return ask(connection, append(binary.BigEndian.AppendUint16(nil, uint16(len(question()))), question()...))
	default:
		return ask(connection, question())
	}
}

// ask sends what a client of DNS does.
func ask(connection net.Conn, question []byte) (string, error) {
	if _, err := connection.Write(question); err != nil {
		return "", err
	}
	n, err := connection.Read(make([]byte, 512))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes", n), nil
}

// moment is how a target was reached while the pod was young. Times are since the program's start.
type moment struct {
	Open     int           `json:"open"`
	Closed   int           `json:"closed"`
	LastOpen time.Duration `json:"lastOpen"`
}

// firstMoments are those of every target.
type firstMoments struct {
	turn sync.Mutex
	of   map[string]moment
}

// firstTime is how long the first moments are.
const firstTime = 40 * time.Second

// watch tries a target every few milliseconds.
func (f *firstMoments) watch(target string) {
	began := time.Now()
	for time.Since(began) < firstTime {
		dialer := net.Dialer{Timeout: 100 * time.Millisecond}
		connection, err := dialer.DialContext(context.Background(), "tcp", target)
		f.note(target, err == nil, time.Since(began))
		if err == nil {
			_ = connection.Close()
		}
		time.Sleep(5 * time.Millisecond) //nolint:forbidigo // the beat of the measurement
	}
}

func (f *firstMoments) note(target string, open bool, at time.Duration) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if f.of == nil {
		f.of = map[string]moment{}
	}
	m := f.of[target]
	if open {
		m.Open, m.LastOpen = m.Open+1, at
	} else {
		m.Closed++
	}
	f.of[target] = m
}

func (f *firstMoments) all() map[string]moment {
	f.turn.Lock()
	defer f.turn.Unlock()
	copied := map[string]moment{}
	for target, m := range f.of {
		copied[target] = m
	}
	return copied
}

// connections are those that are kept: how many answers each has had, and how it ended.
type connections struct {
	turn sync.Mutex
	of   map[string]held
}

type held struct {
	Answers int    `json:"answers"`
	Fault   string `json:"fault,omitempty"`
}

// open opens a connection to a server that keeps it open, and asks again and again.
func (c *connections) open(ctx context.Context, target string) outcome {
	dialer := net.Dialer{Timeout: patience}
	connection, err := dialer.DialContext(ctx, "tcp", target)
	if err != nil {
		return outcome{Fault: err.Error()}
	}
	go func() {
		defer func() { _ = connection.Close() }()
		reader := bufio.NewReader(connection)
		for {
			err := again(connection, reader, target)
			c.note(target, err)
			if err != nil {
				return
			}
			time.Sleep(50 * time.Millisecond) //nolint:forbidigo // the beat of the measurement
		}
	}()
	return outcome{Answer: "open"}
}

// again sends a request on an open connection, and reads a line.
func again(connection net.Conn, reader *bufio.Reader, target string) error {
	if err := connection.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(connection, "HEAD / HTTP/1.1\r\nHost: %s\r\n\r\n", target); err != nil {
		return err
	}
	for {
		line, err := reader.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

func (c *connections) note(target string, err error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	if c.of == nil {
		c.of = map[string]held{}
	}
	h := c.of[target]
	if err != nil {
		h.Fault = err.Error()
	} else {
		h.Answers++
	}
	c.of[target] = h
}

func (c *connections) all() map[string]held {
	c.turn.Lock()
	defer c.turn.Unlock()
	copied := map[string]held{}
	for target, h := range c.of {
		copied[target] = h
	}
	return copied
}
