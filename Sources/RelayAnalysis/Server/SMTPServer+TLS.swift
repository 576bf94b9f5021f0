import Postfix

extension SMTPServer {
    /// Whether nothing is taken without TLS.
    static func requiresTLS(_ values: ParameterValues) -> Bool {
        if values.isOn("smtpd_tls_wrappermode") { return true }
        let level = values.text(of: "smtpd_tls_security_level").folded
        // Levels of smtp(8) count as the strictest that smtpd knows.
        return level.isEmpty ? values.isOn("smtpd_enforce_tls") : !["none", "may"].contains(level)
    }

    func makeOffersTLS() -> Bool {
        wantsTLS && hasCertificate && missingFileOfTLS == nil && whatHidesTLS == nil
    }

    /// What keeps smtpd from knowing STARTTLS (smtpd.c, `starttls_cmd`).
    private var whatHidesTLS: Place? {
        guard !values.isOn("smtpd_tls_wrappermode") else { return nil }
        return hiddenKeywords.contains("starttls")
            ? host.quoting.definition(of: hiding.parameter, in: values) : ignoring("STARTTLS")?.place
    }

    /// What smtpd does not name in its answer to EHLO.
    var hiddenKeywords: [String] { hiding.keywords }

    /// What a map says to every address alike is in the place of the list (smtpd.c, `ehlo_cmd`); what others say is not
    /// the same for all.
    private var hiding: (parameter: String, keywords: [String]) {
        let maps = "smtpd_discard_ehlo_keyword_address_maps"
        if let map = values.value(of: maps).items.first.flatMap({ TableName($0.text) }), map.type == "static"
        {
            let value = map.staticValue.bytes
            let words = tokenRanges(in: value, separators: isListSeparator).map { value[$0].text.folded }
            return (maps, words)
        }
        let list = "smtpd_discard_ehlo_keywords"
        return (list, values.value(of: list).items.map(\.text.folded))
    }

    /// A level that smtpd does not know, or that is for smtp(8) alone (smtpd.c, `pre_jail_init`).
    var levelFault: String? {
        let level = values.text(of: "smtpd_tls_security_level")
        guard !["", "none", "may", "encrypt", "fingerprint", "verify", "secure"].contains(level.folded) else {
            return nil
        }
        return "Invalid TLS level \"\(level)\""
    }

    /// What smtpd cannot open, so that it goes on without TLS.
    private var missingFileOfTLS: ServerNeeds.File? {
        needs.filesOfTLS.first { whyMissing($0.path) != nil }
    }

    /// Whether smtpd knows an authority whose certificates it takes.
    var hasAuthority: Bool {
        !values.text(of: "smtpd_tls_CAfile").isEmpty || values.isOn("tls_append_default_CA")
            || !needs.authorities.isEmpty && whyMissing(needs.authorities) == nil
    }

    private var wantsTLS: Bool {
        let level = values.text(of: "smtpd_tls_security_level").folded
        if Self.requiresTLS(values) || level == "may" { return true }
        return level.isEmpty && values.isOn("smtpd_use_tls")
    }

    /// Whether smtpd has a certificate to show, or was told to do without and asks for none (TLS_README, "Server-side
    /// certificate and private key configuration"): else it warns and goes on without TLS.
    private var hasCertificate: Bool {
        let file = values.text(of: "smtpd_tls_cert_file")
        if file.folded == "none", !asksForCertificate { return true }
        return (file.folded == "none" ? [] : [file]).contains { !$0.isEmpty }
            || ["smtpd_tls_eccert_file", "smtpd_tls_dcert_file", "smtpd_tls_chain_files"].contains {
                !values.text(of: $0).isEmpty
            }
    }

    /// Why nobody can send anything although TLS is required: smtpd cannot speak it.
    var missingCertificate: (why: String, place: Place)? {
        guard Self.requiresTLS(values), !offersTLS else { return nil }
        if hasCertificate, let file = missingFileOfTLS, let why = whyMissing(file.path) {
            return ("\(why), so that there is no TLS", place(of: file.path, in: file.parameter))
        }
        if let place = whatHidesTLS { return ("STARTTLS is required, and not offered", place) }
        let name = ["smtpd_tls_wrappermode", "smtpd_tls_security_level", "smtpd_enforce_tls"].first {
            values.value(of: $0).isDefined && !["", "no"].contains(values.text(of: $0).folded)
        }
        return (
            "No server certs available. TLS won't be enabled",
            host.quoting.definition(of: name ?? "smtpd_tls_security_level", in: values)
        )
    }
}
