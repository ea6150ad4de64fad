package envoy

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// Caller is who asks, and how it connects.
type Caller struct {
	Identity string // URI of its certificate, "" for plaintext
	Address  string // of the loopback network, "" for any
	SNI      string
}

// HTTPRequest is a request on a connection, as it is written.
type HTTPRequest struct {
	Method, Path, Host string
	Headers            [][2]string
	Claims             map[string]any // of its token; nil for none
}

const patience = 10 * time.Second

func (s *Server) dial(c Caller, address string, port uint32) (net.Conn, error) {
	d := net.Dialer{Timeout: patience}
	if c.Address != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(c.Address)}
	}
	conn, err := d.Dial("tcp", net.JoinHostPort(address, strconv.Itoa(int(port))))
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if c.Identity == "" {
		return conn, nil
	}
	cert, err := s.pki.certificate(c.Identity)
	if err != nil {
		conn.Close()
		return nil, err
	}
	t := tls.Client(conn, &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, ServerName: c.SNI, NextProtos: []string{"h2"}})
	if err := t.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

// TCP reports whether a connection that is not HTTP passes: its bytes come back.
func (s *Server) TCP(c Caller, address string, port uint32) (bool, error) {
	conn, err := s.dial(c, address, port)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	text := []byte("a connection that is not HTTP, and long enough to be told from TLS\n")
	if _, err := conn.Write(text); err != nil {
		return false, nil // closed
	}
	_, err = io.ReadFull(conn, make([]byte, len(text)))
	return err == nil, nil
}

// Answer is what comes back for a request.
type Answer struct {
	Status int    // 0 where the connection or its stream ends without one
	Body   string // of listeners here: the path that filters saw
}

// HTTP sends requests over one HTTP/2 connection, and returns the status of each.
func (s *Server) HTTP(c Caller, address string, port uint32, requests []HTTPRequest) ([]int, error) {
	h, err := s.dial2(c, address, port)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	out := make([]int, len(requests))
	for i, r := range requests {
		a, err := h.ask(r)
		if out[i] = a.Status; err != nil {
			return out, fmt.Errorf("%v: %w", r, err)
		}
	}
	return out, nil
}

// HTTP2 sends requests over HTTP/2 connections. One that the server will not take, and so ends the stream or the connection, has
// an answer without a status.
func (s *Server) HTTP2(c Caller, address string, port uint32, requests []HTTPRequest) ([]Answer, error) {
	return each(requests, func() (connection, error) { return s.dial2(c, address, port) })
}

// HTTP1 sends requests over HTTP/1.1 connections. Their paths are written as they are, and nothing but them.
func (s *Server) HTTP1(c Caller, address string, port uint32, requests []HTTPRequest) ([]Answer, error) {
	return each(requests, func() (connection, error) {
		conn, err := s.dial(c, address, port)
		if err != nil {
			return nil, err
		}
		return &http1Conn{conn, bufio.NewReader(conn)}, nil
	})
}

// connection is one that requests are sent over, one after the other.
type connection interface {
	// answer returns what comes back for a request, and whether the connection is good for another one.
	answer(HTTPRequest) (a Answer, more bool, err error)
	Close() error
}

// each sends requests over connections that are made as they are needed. Where nothing comes back in time, which happens on a busy
// machine, a request is sent once more.
func each(requests []HTTPRequest, dial func() (connection, error)) ([]Answer, error) {
	var c connection
	out := make([]Answer, len(requests))
	for i, r := range requests {
		for tries := 1; ; tries++ {
			if c == nil {
				var err error
				if c, err = dial(); err != nil {
					return out, err
				}
			}
			a, more, err := c.answer(r)
			if !more || err != nil {
				c.Close()
				c = nil
			}
			if errors.Is(err, os.ErrDeadlineExceeded) && tries == 1 {
				continue
			}
			if err != nil {
				return out, fmt.Errorf("%q: %w", r.Path, err)
			}
			out[i] = a
			break
		}
	}
	if c != nil {
		c.Close()
	}
	return out, nil
}

type http1Conn struct {
	net.Conn
	from *bufio.Reader
}

func (h *http1Conn) answer(r HTTPRequest) (a Answer, more bool, err error) {
	_ = h.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(h, "%s %s HTTP/1.1\r\nhost: %s\r\n\r\n", r.Method, r.Path, r.Host); err != nil {
		return a, false, err
	}
	got, err := http.ReadResponse(h.from, nil)
	if err != nil {
		return a, false, err
	}
	body, err := io.ReadAll(got.Body)
	return Answer{got.StatusCode, string(body)}, !got.Close, err
}

// http2Conn is the side of a client. Envoy resets a stream that it does not like, and http2.Transport would hide what it was.
type http2Conn struct {
	net.Conn
	s     *Server
	f     *http2.Framer
	block bytes.Buffer
	e     *hpack.Encoder
	next  uint32
}

// ended says that there is no answer, because the server ended the stream or the whole connection.
type ended struct {
	connection bool
	code       http2.ErrCode
}

func (e ended) Error() string { return fmt.Sprintf("the server ended it: %v", e.code) }

func (s *Server) dial2(c Caller, address string, port uint32) (*http2Conn, error) {
	conn, err := s.dial(c, address, port)
	if err != nil {
		return nil, err
	}
	h := &http2Conn{Conn: conn, s: s, f: http2.NewFramer(conn, conn), next: 1}
	h.e = hpack.NewEncoder(&h.block)
	h.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err = io.WriteString(conn, http2.ClientPreface); err == nil {
		err = h.f.WriteSettings()
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return h, nil
}

func (h *http2Conn) answer(r HTTPRequest) (Answer, bool, error) {
	a, err := h.ask(r)
	var ended ended
	if errors.As(err, &ended) {
		return Answer{}, !ended.connection, nil
	}
	return a, err == nil, err
}

// ask sends a request, and reads until its answer has come.
func (h *http2Conn) ask(r HTTPRequest) (a Answer, err error) {
	_ = h.SetDeadline(time.Now().Add(patience))
	h.block.Reset()
	fields := [][2]string{{":method", r.Method}, {":scheme", "https"}, {":path", r.Path}, {":authority", r.Host}}
	fields = append(fields, r.Headers...)
	if r.Claims != nil {
		token, err := h.s.pki.token(r.Claims)
		if err != nil {
			return a, err
		}
		fields = append(fields, [2]string{"authorization", "Bearer " + token})
	}
	for _, field := range fields {
		if err := h.e.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			return a, err
		}
	}
	id := h.next
	h.next += 2
	const most = 16 << 10 // of a frame
	block := h.block.Bytes()
	first := block[:min(most, len(block))]
	if err := h.f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndStream: true, EndHeaders: len(first) == len(block)}); err != nil {
		return a, err
	}
	for block = block[len(first):]; len(block) > 0; {
		part := block[:min(most, len(block))]
		block = block[len(part):]
		if err := h.f.WriteContinuation(id, len(block) == 0, part); err != nil {
			return a, err
		}
	}
	for {
		frame, err := h.f.ReadFrame()
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) {
			return a, ended{connection: true}
		}
		if err != nil {
			return a, err
		}
		switch x := frame.(type) {
		case *http2.MetaHeadersFrame:
			if x.StreamID != id {
				continue
			}
			if a.Status, err = strconv.Atoi(x.PseudoValue("status")); err != nil || x.StreamEnded() {
				return a, err
			}
		case *http2.DataFrame:
			if n := uint32(len(x.Data())); n > 0 { // room for what comes later
				if err := errors.Join(h.f.WriteWindowUpdate(0, n), h.f.WriteWindowUpdate(x.StreamID, n)); err != nil {
					return a, err
				}
			}
			if x.StreamID != id {
				continue
			}
			a.Body += string(x.Data())
			if x.StreamEnded() {
				return a, nil
			}
		case *http2.RSTStreamFrame:
			if x.StreamID == id {
				return a, ended{code: x.ErrCode}
			}
		case *http2.GoAwayFrame:
			return a, ended{true, x.ErrCode}
		case *http2.SettingsFrame:
			if !x.IsAck() {
				if err := h.f.WriteSettingsAck(); err != nil {
					return a, err
				}
			}
		}
	}
}
