package envoy

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

// Authorizer is an external authorizer that runs in the test: one of the gRPC protocol (envoy.service.auth.v3), or of the HTTP one.
type Authorizer struct {
	auth.UnimplementedAuthorizationServer
	Port uint32
	stop func()

	mu       sync.Mutex
	consents bool
	asked    []string
}

// StartAuthorizer starts one that refuses until it is told otherwise.
func StartAuthorizer(overHTTP bool) (*Authorizer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &Authorizer{Port: uint32(l.Addr().(*net.TCPAddr).Port)}
	if overHTTP {
		s := &http.Server{Handler: http.HandlerFunc(a.overHTTP)}
		a.stop = func() { _ = s.Close() }
		go func() { _ = s.Serve(l) }()
		return a, nil
	}
	s := grpc.NewServer()
	auth.RegisterAuthorizationServer(s, a)
	a.stop = s.Stop
	go func() { _ = s.Serve(l) }()
	return a, nil
}

// Stop ends the authorizer: nobody answers on its port any more.
func (a *Authorizer) Stop() { a.stop() }

// Consent says what it answers from now on, and forgets what it was asked before.
func (a *Authorizer) Consent(to bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.consents, a.asked = to, nil
}

// Asked are the requests that it was asked about, in their order: method, host and path of those of HTTP, "" for other connections.
func (a *Authorizer) Asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *Authorizer) answer(about string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, about)
	return a.consents
}

// Check answers as the gRPC protocol has it.
func (a *Authorizer) Check(_ context.Context, r *auth.CheckRequest) (*auth.CheckResponse, error) {
	about := ""
	if h := r.GetAttributes().GetRequest().GetHttp(); h != nil && h.Method != "" {
		about = About(h.Method, h.Host, h.Path)
	}
	code := codes.PermissionDenied
	if a.answer(about) {
		code = codes.OK
	}
	return &auth.CheckResponse{Status: &rpc.Status{Code: int32(code)}}, nil
}

func (a *Authorizer) overHTTP(w http.ResponseWriter, r *http.Request) {
	if !a.answer(About(r.Method, r.Host, r.RequestURI)) {
		w.WriteHeader(http.StatusForbidden)
	}
}

// About is a request as Asked has it.
func About(method, host, path string) string { return fmt.Sprintf("%s %s%s", method, host, path) }
