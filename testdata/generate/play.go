package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// giveUp is how long a request may take: longer than anything nginx is configured to wait for.
const giveUp = 10 * time.Second

// play sends every request of the plan when its time has come, however long the others take, and returns when the last
// one has ended.
func play(ctx context.Context, address string, plan []request, talk io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var sent sync.WaitGroup
	start := time.Now()
	progress := start
	for i, next := range plan {
		if !pause(ctx, time.Until(start.Add(next.at))) {
			break
		}
		sent.Go(func() {
			if err := exchange(ctx, address, next); err != nil {
				cancel(fmt.Errorf("sending request %d of the plan: %w", i+1, err))
			}
		})
		if time.Since(progress) >= 10*time.Second {
			progress = time.Now()
			fmt.Fprintf(talk, "%3.0f s: %d of %d requests sent\n", time.Since(start).Seconds(), i+1, len(plan))
		}
	}
	sent.Wait()
	return context.Cause(ctx)
}

// exchange opens a connection, sends, and reads until nginx closes it or the client has had enough. What nginx answers,
// and that it may cut the connection, is what the logs are about; only a connection that cannot be had is an error.
func exchange(ctx context.Context, address string, r request) error {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: r.source.AsSlice()}}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	patience := r.patience
	if patience == 0 {
		patience = giveUp
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := conn.Write(r.wire); err != nil {
		return ignoreCut(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && r.leaves {
		if err := tcp.CloseWrite(); err != nil {
			return ignoreCut(err)
		}
	}
	_, err = io.Copy(io.Discard, conn)
	return ignoreCut(err)
}

// ignoreCut forgives a connection that nginx or our own impatience ended.
func ignoreCut(err error) error {
	var failure net.Error
	if errors.As(err, &failure) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
