import NIOSSL

/// A server side of TLS, as untrustworthy as can be.
///
/// The certificate is self-signed for `mx.hosted.example`, expires in 2126, and was made by
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=mx.hosted.example`
/// with OpenSSL 3.0.
enum TestCertificate {
    static func serverContext() throws -> NIOSSLContext {
        let certificate = try NIOSSLCertificate(bytes: Array(pem.utf8), format: .pem)
        let key = try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }

    private static let pem = """
        -----BEGIN CERTIFICATE-----
        MIIBjjCCATWgAwIBAgIUR2g/avOUv9JEiugaanA7deoqzjYwCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRbXguaG9zdGVkLmV4YW1wbGUwIBcNMjYxMTIzMjE0MzMyWhgP
        MjEyNjEwMzAyMTQzMzJaMBwxGjAYBgNVBAMMEW14Lmhvc3RlZC5leGFtcGxlMFkw
        EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEug+DfyEBeQ/T7uu65cymcs0GgdE2PFnt
        Q6T2CbxkheEJAsl/mNle9tHXYF2dXpn8VVAgFmnqbA7mYZAYDNEAzKNTMFEwHQYD
        VR0OBBYEFKOpd3Wc0ljMEdrZgvsn6Wyo0lVhMB8GA1UdIwQYMBaAFKOpd3Wc0ljM
        EdrZgvsn6Wyo0lVhMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIg
        BgptYjjkN8PCvd4uoFtVjTkv6uePcbhwFnEtj+1eXlQCIEwAWC4vL5DCqYjiE+tK
        M0K9DwcFYeWPmu0ZcpSQendj
        -----END CERTIFICATE-----
        """

    private static let keyPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1bO+um8z+QPFzD0s
        1A8Nq/puZQKA+RXRSIkb8+KL34WhRANCAAS6D4N/IQF5D9Pu67rlzKZyzQaB0TY8
        We1DpPYJvGSF4QkCyX+Y2V720ddgXZ1emfxVUCAWaepsDuZhkBgM0QDM
        -----END PRIVATE KEY-----
        """
}
