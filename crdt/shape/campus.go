package shape

// DecodeCampus reads a change to the campus document (one setting is put) and
// refuses all else with a Reason. The result aliases raw. What is right in
// itself must also pass Past.Check before it goes to the core.
func DecodeCampus(raw []byte) (Change, error) {
	c, err := Decode(raw)
	if err != nil {
		return Change{}, err
	}
	if len(c.Value.data) > MaxSetting {
		return Change{}, ReasonValue
	}
	if !SettingKey(c.Key) {
		return Change{}, ReasonKey
	}
	return c, nil
}

// SettingKey reports whether key may name a setting: 1 to 128 of the
// characters a-z 0-9 / _ . @ -, beginning with a letter or digit.
func SettingKey(key string) bool {
	if len(key) == 0 || len(key) > 128 {
		return false
	}
	for i := range len(key) {
		switch b := key[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9':
		case i > 0 && (b == '/' || b == '_' || b == '.' || b == '@' || b == '-'):
		default:
			return false
		}
	}
	return true
}
