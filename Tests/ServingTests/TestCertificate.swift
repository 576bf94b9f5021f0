/// Self-signed for 127.0.0.1 and `vantage.example`, until 2126, made with OpenSSL 3.0 by
/// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=vantage.example
/// -addext subjectAltName=IP:127.0.0.1,DNS:vantage.example`.
enum TestCertificate {
    static let certificatePEM = """
        -----BEGIN CERTIFICATE-----
        MIIBrjCCAVOgAwIBAgIUXDW2Cil5CRu36MVadWkHBOfe0qkwCgYIKoZIzj0EAwIw
        GjEYMBYGA1UEAwwPdmFudGFnZS5leGFtcGxlMCAXDTI2MTEyNDExNTkzMFoYDzIx
        MjYxMDMxMTE1OTMwWjAaMRgwFgYDVQQDDA92YW50YWdlLmV4YW1wbGUwWTATBgcq
        hkjOPQIBBggqhkjOPQMBBwNCAASZiRE0jLWrNno6fnW4a5iYpKu0lAnxQys1VDkh
        sOip6hbbzQ02iZKhQdK5JUH08uGOAnb212wVeLO+uBZiXm3qo3UwczAdBgNVHQ4E
        FgQUFFFNRr1kx9y8oyGOS8Y4MXVWsZAwHwYDVR0jBBgwFoAUFFFNRr1kx9y8oyGO
        S8Y4MXVWsZAwDwYDVR0TAQH/BAUwAwEB/zAgBgNVHREEGTAXhwR/AAABgg92YW50
        YWdlLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhAISn4h/q+KU6yd/KHlW4+t9X
        oV3M3kkLyvLFSSJXCgOlAiEA1aIqpE/itm3KXF2ynunEN8LWMQUvGc+V75LNeTsi
        3Wc=
        -----END CERTIFICATE-----

        """

    static let keyPEM = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+ZYKLPnMuyER6ckZ
        7qSdkTBA7FRob4eOsUrvp7J9Y2WhRANCAASZiRE0jLWrNno6fnW4a5iYpKu0lAnx
        Qys1VDkhsOip6hbbzQ02iZKhQdK5JUH08uGOAnb212wVeLO+uBZiXm3q
        -----END PRIVATE KEY-----

        """
}
