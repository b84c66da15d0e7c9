package main

import (
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/upprop/upprop/crdt/record"
	"github.com/upprop/upprop/node/api"
)

func (c *command) subject() *cobra.Command {
	return group("subject", "For the person who asks what is stored about them", c.subjectExport(), c.rectify(), c.restrict(), c.object(),
		c.recipients(), c.disclosed(), c.told())
}

func (c *command) rectify() *cobra.Command {
	var asJSON bool
	in := api.Rectification{}
	cmd := &cobra.Command{
		Use: "rectify VISIT", Short: "Correct what is stored about a visitor",
		Long: `Correct the particulars of a visit. They are sealed anew, and what stood before
is destroyed on every node. What is not named stays; an empty text takes the
field away. What is kept past its day, by a hold or because it was signed, is
corrected too, also when the visit is in the register no more. It is done at a
desk.`,
		Example: `  upprop subject rectify 4H2K… --name "Astrid Ek" --phone ""`,
		Args:    usage(cobra.ExactArgs(1)),
	}
	texts := map[string]*string{}
	fields := map[string]**api.Text{"name": &in.Name, "company": &in.Company, "host": &in.Host, "email": &in.Email, "phone": &in.Phone}
	for _, f := range []struct{ name, help string }{
		{"name", "the right name"},
		{"company", "where they are from"},
		{"host", "whom they visit"},
		{"email", "their e-mail address"},
		{"phone", "their telephone number"},
	} {
		texts[f.name] = cmd.Flags().String(f.name, "", f.help)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		in.Visit = args[0]
		named := false
		for name, to := range fields {
			if !cmd.Flags().Changed(name) {
				continue
			}
			if !utf8.ValidString(*texts[name]) {
				return wrongUsage("what is written is not in UTF-8")
			}
			*to, named = &api.Text{Private: record.Private(*texts[name])}, true
		}
		if !named {
			return wrongUsage("nothing is to be corrected: say what is right, such as --name")
		}
		var out api.Rectified
		if err := newClient(c.data).ask(cmd.Context(), "POST", "/api/v1/subjects/rectify", in, &out); err != nil {
			return err
		}
		if asJSON {
			return c.json(out)
		}
		return c.say("Corrected. What stood before is destroyed here, and on every other node as soon as it hears of it.")
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
