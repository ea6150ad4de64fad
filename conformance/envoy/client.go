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
	ALPN     string // offered before those of its protocol, as sidecars do: "istio-http/1.1", "istio"
	Speaks   Protocol
}

// Protocol is how requests are written.
type Protocol uint8

const (
	HTTP2 Protocol = iota
	HTTP1          // HTTP/1.1
	GRPC           // an empty message over HTTP/2
)

func (p Protocol) String() string { return [...]string{"HTTP/2", "HTTP/1.1", "gRPC"}[p] }

// HTTPRequest is a request on a connection, as it is written.
type HTTPRequest struct {
	Method, Path, Host string
	Headers            [][2]string
	Claims             map[string]any // of its token; nil for none
}

const patience = 30 * time.Second

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
	protocols := []string{"h2"}
	if c.Speaks == HTTP1 {
		protocols = []string{"http/1.1"}
	}
	if c.ALPN != "" {
		protocols = append([]string{c.ALPN}, protocols...)
	}
	if c.ALPN == "istio" { // what is not HTTP
		protocols = protocols[:1]
	}
	t := tls.Client(conn, &tls.Config{Certificates: []tls.Certificate{cert}, InsecureSkipVerify: true, ServerName: c.SNI, NextProtos: protocols})
	if err := t.Handshake(); err != nil {
		conn.Close()
		if n := net.Error(nil); errors.As(err, &n) && n.Timeout() {
			return nil, err
		}
		return nil, &refused{err}
	}
	return t, nil
}

// refused says that a connection was ended before it could be used, or that the other side does not speak TLS.
type refused struct{ error }

func (r *refused) Unwrap() error { return r.error }

// closed reports whether the other side has ended a connection.
func closed(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.As(err, &op) && op.Op == "remote error" // an alert of TLS
}

// TCP reports whether a connection that is not HTTP passes: its bytes come back.
func (s *Server) TCP(c Caller, address string, port uint32) (bool, error) {
	conn, err := s.dial(c, address, port)
	if r := (*refused)(nil); errors.As(err, &r) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer conn.Close()
	text := []byte("a connection that is not HTTP, and long enough to be told from TLS\n")
	if _, err = conn.Write(text); err == nil {
		_, err = io.ReadFull(conn, make([]byte, len(text)))
	}
	if closed(err) {
		return false, nil
	}
	return err == nil, err
}

// Answer is what comes back for a request.
type Answer struct {
	Status int    // 0 where the connection or its stream ends without one
	Body   string // of listeners here: the path that filters saw
}

// HTTP sends requests over one connection, one after the other, and returns the status of each: 0 where the connection was ended
// without one. A refusal of gRPC is a status of its own, and comes back as that of HTTP: 403 for PERMISSION_DENIED.
func (s *Server) HTTP(c Caller, address string, port uint32, requests []HTTPRequest) ([]int, error) {
	out := make([]int, len(requests))
	conn, err := s.connect(c, address, port)
	if r := (*refused)(nil); errors.As(err, &r) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for i, r := range requests {
		a, more, err := conn.answer(r)
		if err != nil {
			return out, fmt.Errorf("%v: %w", r, err)
		}
		if out[i] = a.Status; !more {
			break
		}
	}
	return out, nil
}

// connect makes a connection of the caller's protocol.
func (s *Server) connect(c Caller, address string, port uint32) (connection, error) {
	if c.Speaks != HTTP1 {
		return s.dial2(c, address, port)
	}
	conn, err := s.dial(c, address, port)
	if err != nil {
		return nil, err
	}
	return &http1Conn{conn, s, bufio.NewReader(conn)}, nil
}

// HTTP2 sends requests over HTTP/2 connections. One that the server will not take, and so ends the stream or the connection, has
// an answer without a status.
func (s *Server) HTTP2(c Caller, address string, port uint32, requests []HTTPRequest) ([]Answer, error) {
	return each(requests, func() (connection, error) { return s.dial2(c, address, port) })
}

// HTTP1 sends requests over HTTP/1.1 connections. Their paths are written as they are, and nothing but them.
func (s *Server) HTTP1(c Caller, address string, port uint32, requests []HTTPRequest) ([]Answer, error) {
	c.Speaks = HTTP1
	return each(requests, func() (connection, error) { return s.connect(c, address, port) })
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
	s    *Server
	from *bufio.Reader
}

func (h *http1Conn) answer(r HTTPRequest) (a Answer, more bool, err error) {
	_ = h.SetDeadline(time.Now().Add(patience))
	headers, err := h.s.headers(r)
	if err != nil {
		return a, false, err
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nhost: %s\r\n", r.Method, r.Path, r.Host)
	for _, x := range headers {
		fmt.Fprintf(&text, "%s: %s\r\n", x[0], x[1])
	}
	text.WriteString("\r\n")
	_, err = h.Write(text.Bytes())
	var got *http.Response
	if err == nil {
		got, err = http.ReadResponse(h.from, &http.Request{Method: r.Method})
	}
	if err != nil {
		if closed(err) {
			err = nil
		}
		return a, false, err
	}
	body, err := io.ReadAll(got.Body)
	return Answer{got.StatusCode, string(body)}, !got.Close, err
}

// http2Conn is the side of a client. Envoy resets a stream that it does not like, and http2.Transport would hide what it was.
type http2Conn struct {
	net.Conn
	s     *Server
	grpc  bool
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
	h := &http2Conn{Conn: conn, s: s, grpc: c.Speaks == GRPC, f: http2.NewFramer(conn, conn), next: 1}
	h.e = hpack.NewEncoder(&h.block)
	h.f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if _, err = io.WriteString(conn, http2.ClientPreface); err == nil {
		err = h.f.WriteSettings()
	}
	if err != nil {
		conn.Close()
		if closed(err) {
			err = &refused{err}
		}
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
	if closed(err) { // as it was written
		return Answer{}, false, nil
	}
	return a, err == nil, err
}

// ask sends a request, and reads until its answer has come.
func (h *http2Conn) ask(r HTTPRequest) (a Answer, err error) {
	_ = h.SetDeadline(time.Now().Add(patience))
	h.block.Reset()
	fields := [][2]string{{":method", r.Method}, {":scheme", "https"}, {":path", r.Path}, {":authority", r.Host}}
	if h.grpc {
		fields = append(fields, [2]string{"content-type", "application/grpc"}, [2]string{"te", "trailers"})
	}
	headers, err := h.s.headers(r)
	if err != nil {
		return a, err
	}
	fields = append(fields, headers...)
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
	if err := h.f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndStream: !h.grpc, EndHeaders: len(first) == len(block)}); err != nil {
		return a, err
	}
	for block = block[len(first):]; len(block) > 0; {
		part := block[:min(most, len(block))]
		block = block[len(part):]
		if err := h.f.WriteContinuation(id, len(block) == 0, part); err != nil {
			return a, err
		}
	}
	if h.grpc {
		if err := h.f.WriteData(id, true, make([]byte, 5)); err != nil { // a message that is not compressed and has no bytes
			return a, err
		}
	}
	for {
		frame, err := h.f.ReadFrame()
		if closed(err) {
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
			if a.Status, err = statusOf(x, a.Status); err != nil || x.StreamEnded() {
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

// headers are those of a request, with its token.
func (s *Server) headers(r HTTPRequest) ([][2]string, error) {
	if r.Claims == nil {
		return r.Headers, nil
	}
	token, err := s.pki.token(r.Claims)
	return append(r.Headers[:len(r.Headers):len(r.Headers)], [2]string{"authorization", "Bearer " + token}), err
}

// statusOf is the status that headers or trailers tell. An answer of gRPC is 200, with a status of its own.
func statusOf(h *http2.MetaHeadersFrame, code int) (int, error) {
	if text := h.PseudoValue("status"); text != "" {
		var err error
		if code, err = strconv.Atoi(text); err != nil {
			return 0, err
		}
	}
	for _, f := range h.RegularFields() {
		if f.Name == "grpc-status" && code == http.StatusOK {
			switch f.Value {
			case "7":
				return http.StatusForbidden, nil
			case "16":
				return http.StatusUnauthorized, nil
			case "0", "2": // of a proxy that answers 200 by itself
			default:
				return 0, fmt.Errorf("grpc-status %s", f.Value)
			}
		}
	}
	return code, nil
}
