package server

import "github.com/rollcall-scim/rollcall/internal/metrics"

var (
	openConnections = metrics.NewGaugeVec("rollcall_scim_connections",
		"Clients connected to the SCIM server.").WithLabelValues()
	closedConnections = metrics.NewCounterVec("rollcall_scim_connections_closed_total",
		"Connections closed, by which: idle (without a request for longest) or new (requests were answered on all others) because of --max-connections; unfinished (most bytes of a request that is not complete).", "which")
	turnedAway = metrics.NewCounterVec("rollcall_scim_requests_turned_away_total",
		"Requests answered 429 or 503 before anything was done, by reason: rateLimit, paused, requests, bodies, answers, strangers, tokens, notReady.", "reason")
	certificateReads = metrics.NewCounterVec("rollcall_scim_certificate_reads_total",
		"Changed certificates of the SCIM server that were read, by result: ok, or error (the one before stays in use).", "result")
	certificateExpiry = metrics.NewGaugeVec("rollcall_scim_certificate_expiry_timestamp_seconds",
		"When the SCIM server's certificate in use expires; 0: plain HTTP.").WithLabelValues()
)
