// The vCenter simulator of govmomi, for tests: `cargo xtask peers` builds it from Debian's packages.
//
// It prints `DATASTORE=<id>` and `URL=<base>`, one line each, once it answers, and ends when its standard input is
// closed: a test that is killed leaves neither a process nor files behind.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	_ "github.com/vmware/govmomi/lookup/simulator"
	_ "github.com/vmware/govmomi/pbm/simulator"
	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/sts/simulator"
	_ "github.com/vmware/govmomi/vapi/cluster/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

type options struct {
	listen, username, password string
	tls                        bool
}

func main() {
	var o options
	flag.StringVar(&o.listen, "l", "127.0.0.1:0", "address to listen at; port 0 takes a free one")
	flag.BoolVar(&o.tls, "tls", false, "serve https, with Go's self-signed certificate for tests")
	flag.StringVar(&o.username, "username", "", "the user that may log in (empty: any)")
	flag.StringVar(&o.password, "password", "", "the password of that user")
	flag.Parse()
	if err := run(o, end()); err != nil {
		fmt.Fprintf(os.Stderr, "vcsim: %v\n", err)
		os.Exit(1)
	}
}

// run serves until something arrives at the channel.
func run(o options, end <-chan struct{}) error {
	if flag.NArg() > 0 {
		return fmt.Errorf("unknown argument %q; see -help", flag.Arg(0))
	}
	if (o.username == "") != (o.password == "") {
		return fmt.Errorf("give both -username and -password, or neither")
	}
	model := simulator.VPX()
	defer model.Remove() // the folders of the datastores
	if err := model.Create(); err != nil {
		return fmt.Errorf("the inventory cannot be made: %w", err)
	}
	// The content library takes the identifier of the reference, "<folder>@<id of a folder object>".
	datastore := simulator.Map.Any("Datastore")
	if datastore == nil {
		return fmt.Errorf("the inventory of this version of govmomi has no datastore")
	}

	service := model.Service
	service.RegisterEndpoints = true
	service.Listen = &url.URL{Host: o.listen}
	if o.username != "" {
		service.Listen.User = url.UserPassword(o.username, o.password)
	}
	if o.tls {
		service.TLS = new(tls.Config)
	}
	server, err := serve(service)
	if err != nil {
		return err
	}
	// Not server.Close(): that waits for the requests that are open.
	defer server.Config.Close()
	if o.username != "" {
		server.Config.Handler = checked(server.Config.Handler, o.username, o.password)
	}

	// Not server.URL as it is: it holds the password.
	fmt.Printf("DATASTORE=%s\nURL=%s://%s\n", datastore.Reference().Value, server.URL.Scheme, server.URL.Host)
	<-end
	return nil
}

// serve starts the server; govmomi panics when it cannot listen.
func serve(service *simulator.Service) (server *simulator.Server, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("-l %s: %v", service.Listen.Host, reason)
		}
	}()
	return service.NewServer(), nil
}

// checked refuses logins of others: govmomi 0.24 checks user and password for SOAP only. The answer is the one that
// it gives to a login without any.
func checked(next http.Handler, username, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/com/vmware/cis/session") {
			if u, p, basic := r.BasicAuth(); basic && (u != username || p != password) {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// end tells when to stop: on a signal, when the standard input is closed, or when the parent is gone (it may have
// handed down an input that others keep open).
func end() <-chan struct{} {
	parent := os.Getppid()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	input := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(input)
	}()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			select {
			case <-signals:
				return
			case <-input:
				return
			case <-time.After(time.Second):
				if os.Getppid() != parent {
					return
				}
			}
		}
	}()
	return over
}
