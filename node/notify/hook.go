package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// hookSender posts to another system.
type hookSender struct {
	hook Hook
	now  func() time.Time
}

// send posts what an entry says: as Standard Webhooks has it, signed, or as a
// line of a chat. The id is the entry's, whoever sends it, and the same in each
// try, so that the other side can tell it has had it.
func (h hookSender) send(ctx context.Context, m message) error {
	body, err := h.body(m)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.hook.URL, bytes.NewReader(body))
	if err != nil {
		return &fault{why: whyRefused, forGood: true, channel: true}
	}
	req.Header.Set("Content-Type", "application/json")
	if h.hook.Kind == Standard {
		secret, err := h.hook.Secret.read()
		if err != nil {
			return &fault{why: whySecret, channel: true}
		}
		signer, err := webhooks.NewWebhook(secret)
		if err != nil {
			return &fault{why: whySecret, channel: true}
		}
		at := h.now()
		sig, err := signer.Sign(m.id, at, body)
		if err != nil {
			return &fault{why: whySecret, channel: true}
		}
		req.Header.Set(webhooks.HeaderWebhookID, m.id)
		req.Header.Set(webhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
		req.Header.Set(webhooks.HeaderWebhookSignature, sig)
	}
	_, err = finish(client(h.hook.Private), req, h.now, 0)
	return err
}

func (h hookSender) body(m message) ([]byte, error) {
	switch h.hook.Kind {
	case Slack:
		return json.Marshal(map[string]string{"text": m.text})
	case Teams:
		return json.Marshal(card(m.text))
	}
	return m.body, nil
}

// card is a line as an incoming webhook of Teams Workflows takes it.
func card(text string) any {
	type object = map[string]any
	return object{
		"type": "message",
		"attachments": []object{{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content": object{
				"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
				"body": []object{{"type": "TextBlock", "text": text, "wrap": true, "weight": "Bolder"}},
			},
		}},
	}
}
