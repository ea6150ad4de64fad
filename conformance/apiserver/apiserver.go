// Package apiserver runs a kube-apiserver with an etcd of its own on the loopback network, and kubectl against it.
package apiserver

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a running kube-apiserver.
type Server struct {
	bin, dir  string
	processes []*process // in the order in which they were started
}

// Start starts etcd and kube-apiserver, which lie in bin beside kubectl. Their files go to dir.
func Start(bin, dir string) (*Server, error) {
	s := &Server{bin: bin, dir: dir}
	if err := s.start(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) start() error {
	client, peer, secure, err := threePorts()
	if err != nil {
		return err
	}
	token, err := s.writeFiles(secure)
	if err != nil {
		return err
	}
	store := "http://127.0.0.1:" + client
	if err := s.run("etcd", "--data-dir="+s.file("etcd"), "--listen-client-urls="+store, "--advertise-client-urls="+store, "--listen-peer-urls=http://127.0.0.1:"+peer,
		"--log-level=error"); err != nil {
		return err
	}
	if err := s.run("kube-apiserver", "--etcd-servers="+store, "--bind-address=127.0.0.1", "--secure-port="+secure, "--cert-dir="+s.file("certs"),
		"--token-auth-file="+token, "--service-account-issuer=https://127.0.0.1", "--service-account-key-file="+s.file("sa.pem"),
		"--service-account-signing-key-file="+s.file("sa.pem"), "--service-cluster-ip-range=10.0.0.0/24", "--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", "--disable-admission-plugins=ServiceAccount", "--v=0"); err != nil {
		return err
	}
	for range 600 {
		for _, p := range s.processes {
			select {
			case <-p.done:
				return fmt.Errorf("%s stopped\n%s", p.cmd.Path, p.log.String())
			default:
			}
		}
		if out, err := s.Kubectl("", "get", "--raw", "/readyz"); err == nil && out == "ok" {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	s.Stop()
	return fmt.Errorf("kube-apiserver is not ready\n%s", s.processes[1].log.String())
}

func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// writeFiles writes the token of the one user, the key that accounts' tokens would be signed with, and the configuration of
// kubectl.
func (s *Server) writeFiles(port string) (tokens string, err error) {
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return "", err
	}
	token := hex.EncodeToString(secret)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		"tokens.csv": token + ",admin,admin,system:masters\n",
		"sa.pem":     string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
		"kubeconfig": `apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:` + port + `", insecure-skip-tls-verify: true}}]
users: [{name: admin, user: {token: ` + token + `}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
`,
	} {
		if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	return s.file("tokens.csv"), nil
}

// threePorts are free ports of the loopback interface, until somebody else takes them.
func threePorts() (a, b, c string, err error) {
	var ports [3]string
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", "", err
		}
		defer l.Close()
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports[0], ports[1], ports[2], nil
}

type process struct {
	cmd  *exec.Cmd
	log  bytes.Buffer // read it once done is closed
	done chan struct{}
}

func (s *Server) run(name string, args ...string) error {
	p := &process{cmd: exec.Command(filepath.Join(s.bin, name), args...), done: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	s.processes = append(s.processes, p)
	return nil
}

// Stop ends the processes, the last one first.
func (s *Server) Stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		p := s.processes[i]
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
}

// ExitError is a kubectl that does not end with 0.
type ExitError struct {
	Code   int
	Stderr string
}

func (e *ExitError) Error() string { return fmt.Sprintf("kubectl ends with %d: %s", e.Code, e.Stderr) }

// Kubectl runs kubectl with a text as its input, and returns what it prints. The error is an *ExitError where it does not end
// with 0.
func (s *Server) Kubectl(input string, args ...string) (string, error) {
	cmd := exec.Command(filepath.Join(s.bin, "kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.file("kubeconfig"), "HOME="+s.dir)
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = &ExitError{exit.ExitCode(), stderr.String()}
	}
	return string(out), err
}
