package envoy

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
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

// HTTP sends requests over one HTTP/2 connection, and returns the status of each.
func (s *Server) HTTP(c Caller, address string, port uint32, requests []HTTPRequest) ([]int, error) {
	conn, err := s.dial(c, address, port)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	f := http2.NewFramer(conn, conn)
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := f.WriteSettings(); err != nil {
		return nil, err
	}
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	out := make([]int, len(requests))
	for i, r := range requests {
		_ = conn.SetDeadline(time.Now().Add(patience))
		block.Reset()
		fields := [][2]string{{":method", r.Method}, {":scheme", "https"}, {":path", r.Path}, {":authority", r.Host}}
		fields = append(fields, r.Headers...)
		if r.Claims != nil {
			token, err := s.pki.token(r.Claims)
			if err != nil {
				return nil, err
			}
			fields = append(fields, [2]string{"authorization", "Bearer " + token})
		}
		for _, h := range fields {
			if err := e.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]}); err != nil {
				return nil, err
			}
		}
		id := uint32(2*i + 1)
		if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true}); err != nil {
			return nil, err
		}
		if out[i], err = status(f, id); err != nil {
			return out, fmt.Errorf("%v: %w", r, err)
		}
	}
	return out, nil
}

// status reads until the answer of a stream has come.
func status(f *http2.Framer, id uint32) (int, error) {
	code := 0
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			return code, err
		}
		switch x := frame.(type) {
		case *http2.MetaHeadersFrame:
			if x.StreamID != id {
				continue
			}
			if code, err = strconv.Atoi(x.PseudoValue("status")); err != nil {
				return 0, err
			}
			if x.StreamEnded() {
				return code, nil
			}
		case *http2.DataFrame:
			if x.StreamID == id && x.StreamEnded() {
				return code, nil
			}
		case *http2.RSTStreamFrame:
			if x.StreamID == id {
				return code, fmt.Errorf("the stream is reset: %v", x.ErrCode)
			}
		case *http2.GoAwayFrame:
			return code, fmt.Errorf("the connection ends: %v", x.ErrCode)
		case *http2.SettingsFrame:
			if !x.IsAck() {
				if err := f.WriteSettingsAck(); err != nil {
					return code, err
				}
			}
		}
	}
}
