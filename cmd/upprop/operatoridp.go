package main

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
	"github.com/upprop/upprop/node/operators"
)

// operatorIdP is all about the identity provider.
func (c *command) operatorIdP() *cobra.Command {
	return group("idp", "Have operators sign in by an identity provider (OpenID Connect), too", c.idpShow(), c.idpSet(), c.idpRemove())
}

func (c *command) idpShow() *cobra.Command {
	return c.idpCommand("show", "Say which identity provider is set", "GET")
}

func (c *command) idpRemove() *cobra.Command {
	return c.idpCommand("remove", "Take the identity provider away; operators and their roles stay", "DELETE")
}

func (c *command) idpCommand(use, short, method string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out api.IdentityProvider
			if err := newClient(c.data).ask(cmd.Context(), method, "/api/v1/operators/idp", nil, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.sayIdP(out)
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func (c *command) sayIdP(p api.IdentityProvider) error {
	switch {
	case !p.Set:
		return c.say("No identity provider is set: operators sign in with passwords and passkeys.")
	case !p.Opens:
		return c.say("An identity provider is set, and this node cannot open it: look at a desk.")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Operators may sign in by %s, which knows this campus as %s.", p.Issuer, p.Client)
	for _, one := range []struct {
		what string
		all  []string
	}{{"directories", p.Tenants}, {"addresses in", p.Domains}} {
		if len(one.all) > 0 {
			fmt.Fprintf(&b, "\nOnly %s %s.", one.what, strings.Join(one.all, ", "))
		}
	}
	if len(p.Groups) == 0 {
		b.WriteString("\nIt lets in operators who are here already, by their address, and changes no role.")
	}
	for _, g := range p.Groups {
		fmt.Fprintf(&b, "\nWho is in %s has the role %s.", g.Group, g.Role)
	}
	if p.Believe {
		b.WriteString("\nAddresses are believed that it does not say are verified.")
	}
	return c.say("%s", b.String())
}

func (c *command) idpSet() *cobra.Command {
	var in api.IdentityProviderRequest
	var file string
	var groups []string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "set --issuer URL --client-id ID", Short: "Set the identity provider",
		Long: `Have operators sign in by an identity provider, beside passwords and passkeys,
which go on without it. Register at the provider, for each desk, that browsers come
back to https://NAME/login/idp/back, where NAME is the desk's in the campus's domain
("upprop operator passkey domain").

Without --group it lets in operators who are here already and whose name is their
e-mail address. With it, who is in a group gets an account and the role, the first
that fits, and who is in none is refused. For Entra ID the issuer is
https://login.microsoftonline.com/TENANT/v2.0 of your own tenant; it does not say
that addresses are verified, so give --believe-addresses where only your own
administrators can write them.

The secret is sealed for desks. Where it is not given, the one that stands is kept.`,
		Example: `  upprop operator idp set --issuer https://login.example.se --client-id upprop --client-secret-file secret --domain example.se --group reception=reception`,
		Args:    usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, g := range groups {
				i := strings.LastIndex(g, "=")
				if i < 0 {
					return wrongUsage("write --group as GROUP=ROLE")
				}
				role, err := operators.ParseRole(g[i+1:])
				if err != nil {
					return wrongUsage("there is no role %q for operators: choose reception, security, privacy, auditor or admin", g[i+1:])
				}
				in.Groups = append(in.Groups, operators.GroupRole{Group: g[:i], Role: role})
			}
			if file != "" {
				b, err := c.secretLine(file, "client secret", "--client-secret-file")
				if err != nil {
					return err
				}
				defer clear(b)
				if !utf8.Valid(b) {
					return errors.New("the client secret in the file is not in UTF-8: write it in a text file")
				}
				in.Secret = api.Text{Private: record.Private(string(b))}
			}
			var out api.IdentityProvider
			if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/operators/idp", in, &out); err != nil {
				return err
			}
			if asJSON {
				return c.json(out)
			}
			return c.sayIdP(out)
		},
	}
	f := cmd.Flags()
	f.StringVar(&in.Issuer, "issuer", "", "the provider's own `URL`")
	f.StringVar(&in.Client, "client-id", "", "what it knows this campus as")
	f.StringVar(&file, "client-secret-file", "", "take the client secret from this `file`'s first line, or - for standard input")
	f.StringSliceVar(&in.Tenants, "tenant", nil, "let in only this directory's people (claim tid); may be given several times")
	f.StringSliceVar(&in.Domains, "domain", nil, "let in only addresses in this domain; may be given several times")
	f.StringArrayVar(&groups, "group", nil, "give who is in a group, or has an app role, a role here: `GROUP=ROLE`; may be given several times")
	f.BoolVar(&in.Believe, "believe-addresses", false, "take addresses for true that the provider does not say are verified")
	must(cmd.MarkFlagRequired("issuer"))
	must(cmd.MarkFlagRequired("client-id"))
	jsonFlag(cmd, &asJSON)
	return cmd
}
