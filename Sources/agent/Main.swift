import AgentCommands

@main
struct Main {
    static func main() async {
        await runAgent()
    }
}
