import NIOSSL

/// Certificates that a client who cares would refuse, all with one key; made by `openssl ca -selfsign -startdate …
/// -enddate …` with OpenSSL 3.0.
enum OddCertificate: CaseIterable {
    case expired
    case notYetValid
    case ofSomebodyElse

    func serverContext() throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(Self.keyPEM.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }

    private var pem: String {
        switch self {
        case .expired:
            """
            -----BEGIN CERTIFICATE-----
            MIIBHjCBxgIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFteC5ob3N0ZWQuZXhh
            bXBsZTAeFw0wMTAxMDEwMDAwMDBaFw0wMjAxMDEwMDAwMDBaMBwxGjAYBgNVBAMM
            EW14Lmhvc3RlZC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp7in
            gNnvrqCo6C/kALu2PcnKs7iakwF98hRC2pfo1JiWAZuvTmE1HQyb85pVjQ3bBtov
            Ksh8T2f/asxfVBmojTAKBggqhkjOPQQDAgNHADBEAiAid+zIMIbVODqFHDNHGLqV
            pjxsZO00mkm1svqCjZRXHQIgHXEXL8cTd/+ki7/8YXsgFxZFoSPVhcrbiooLcHLP
            Ro0=
            -----END CERTIFICATE-----
            """
        case .notYetValid:
            """
            -----BEGIN CERTIFICATE-----
            MIIBIjCBygIBATAKBggqhkjOPQQDAjAcMRowGAYDVQQDDBFteC5ob3N0ZWQuZXhh
            bXBsZTAiGA8yMTI1MDEwMTAwMDAwMFoYDzIxMjYwMTAxMDAwMDAwWjAcMRowGAYD
            VQQDDBFteC5ob3N0ZWQuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA
            BKe4p4DZ766gqOgv5AC7tj3JyrO4mpMBffIUQtqX6NSYlgGbr05hNR0Mm/OaVY0N
            2wbaLyrIfE9n/2rMX1QZqI0wCgYIKoZIzj0EAwIDRwAwRAIgdUXWm2BBySurvU8Q
            CU6mGnIfjwt0u7Y3+EW1LbL/CScCIF8z58+uN5u0NJ+rbxBmPr4fI1DROEJ7OmXF
            W77HIJyf
            -----END CERTIFICATE-----
            """
        case .ofSomebodyElse:
            """
            -----BEGIN CERTIFICATE-----
            MIIBKjCB0AIBATAKBggqhkjOPQQDAjAgMR4wHAYDVQQDDBVzb21lYm9keS5lbHNl
            LmV4YW1wbGUwIBcNMjQwMTAxMDAwMDAwWhgPMjEyNjAxMDEwMDAwMDBaMCAxHjAc
            BgNVBAMMFXNvbWVib2R5LmVsc2UuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49
            AwEHA0IABKe4p4DZ766gqOgv5AC7tj3JyrO4mpMBffIUQtqX6NSYlgGbr05hNR0M
            m/OaVY0N2wbaLyrIfE9n/2rMX1QZqI0wCgYIKoZIzj0EAwIDSQAwRgIhAIyCVxOC
            mxLzNkuYtYCnDiuGLWsmgOC7BGDQvKUlEVP1AiEAw+3x8vrfqmDbmFQ5IbN6vMZA
            ybCzhvxVkXkgdlQmbwA=
            -----END CERTIFICATE-----
            """
        }
    }

    private static let keyPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgtA3kbPpyZMweNbql
        53Wi5jb3zkRW8mii4PTEFLXCxeShRANCAASnuKeA2e+uoKjoL+QAu7Y9ycqzuJqT
        AX3yFELal+jUmJYBm69OYTUdDJvzmlWNDdsG2i8qyHxPZ/9qzF9UGaiN
        -----END PRIVATE KEY-----
        """
}
