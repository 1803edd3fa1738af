package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.junit.jupiter.api.Assertions.assertEquals;

/** Which server of a list is this one. */
class MyselfTest {

    private static Server server(String id, String... ips) {
        return new Server(id, "ACTIVE", null, "v", null, Stream.of(ips).map(ip -> new Server.Address("v", ip))
                .collect(Collectors.toList()), Map.of());
    }

    private static Optional<String> among(String memberAddress, Server... servers) {
        return new Myself(null, memberAddress).among(List.of(servers)).map(Server::id);
    }

    @Test
    void theMembersAddressCountsBeforeAnyOfTheMachine() {
        assertEquals(Optional.of("b"), among("10.0.0.2", server("a", "127.0.0.1"), server("b", "10.0.0.2")));
    }

    @Test
    void aMemberKnownByAnotherAddressIsFoundByThoseOfTheMachine() {
        assertEquals(Optional.of("b"), among("203.0.113.7", server("a", "10.0.0.1"), server("b", "10.0.0.2", "127.0.0.1")));
    }

    @Test
    void aServerThatIsNotListedIsNotFound() {
        assertEquals(Optional.empty(), among("10.0.0.2", server("a", "10.0.0.1")));
        assertEquals(Optional.empty(), among("10.0.0.2"));
    }
}
