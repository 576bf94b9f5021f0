package import MailModel

/// The default policy as values: what a key that is left out is taken for.
package let builtInPolicy = Policy(
    relaying: .authorizationRequired,
    whiteList: Policy.WhiteList(within: ["127.0.0.1/8", "::1/128"].compactMap { IPNetwork($0) }),
    queue: Policy.Queue(warnAbove: 1000, flood: .report),
    probe: Policy.Probe(from: .networkNamespace, ports: [25, 465, 587]),
    afterApply: Policy.AfterApply(mailBroken: .automatic, unconfirmed: .keep),
    backups: Policy.Backups(keepLast: 50, keepWithinDays: 90),
    files: [])

/// The default policy as a file: byte for byte `policies/no-open-relay.yaml`.
package let builtInPolicyText = #"""
    # The default, built into the program as well: whoever is not known must log in to relay.
    # Every key but `version` may be left out and is then as it is here. README.md explains each.
    version: 1
    relaying: authorization-required   # or: closed. Plesk's own three words are open, auth, closed
    white-list:
      within: [127.0.0.1/8, "::1/128"] # every entry of the white list must lie inside one of these
    port-25: plesk                     # the MTA that Plesk manages: postfix or qmail, nothing else
    relay:
      strangers: refuse                # by configuration (explain) and by probe, every listener
    queue:
      warn-above: 1000                 # messages
      flood: report                    # or: hold, which is reversible; deleting is never automatic
    probe:
      from: netns                      # or: ssh://[user@]host, https://host[:port], direct
      ports: [25, 465, 587]
    after-apply:
      mail-broken: automatic           # harbour if the old state relayed, else roll-back; or: one of these, keep
      unconfirmed: keep                # or: roll-back, harbour, when no vantage can tell
    backups:
      keep-last: 50                    # change sets
      keep-within: 90d                 # or weeks: 12w

    """#
