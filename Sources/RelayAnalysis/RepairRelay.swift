package import MailModel

package func repairRelay(_ configuration: PostfixConfiguration, trusted: [IPNetwork]) -> RelayRepair {
    RelayRepair(edits: [], notes: [], after: explainRelay(configuration, trusted: trusted))
}
