package io.ecsclusterkit.hazelcast;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;
import java.util.Map;
import java.util.Optional;

import static org.junit.jupiter.api.Assertions.assertEquals;

class NetworkTest {

    private static Server server(String vpc, Server.Address... addresses) {
        return new Server("id", "ACTIVE", null, vpc, null, List.of(addresses), Map.of());
    }

    @ParameterizedTest
    @CsvSource({"10.1.0.0/16,10.1.255.255,true", "10.1.0.0/16,10.2.0.0,false", "10.1.2.3/32,10.1.2.3,true", "10.1.2.3/32,10.1.2.2,false",
        "0.0.0.0/0,203.0.113.9,true", "192.168.1.128/25,192.168.1.127,false", "192.168.1.128/25,192.168.1.128,true",
        "10.1.77.1/16,10.1.0.1,true", "10.0.0.0/8,10.x.0.1,false", "10.0.0.0/8,10.1.2,false", "10.0.0.0/8,10.0.0.999,false", "0.0.0.0/0,10.0.0.999,false", "0.0.0.0/0,0.0.0.0,true"})
    void aCidrHoldsItsAddresses(String cidr, String ip, boolean inside) {
        Optional<String> address = Network.parse(cidr).addressOf(server("v", new Server.Address("v", ip)));
        assertEquals(inside ? Optional.of(ip) : Optional.empty(), address);
    }

    @Test
    void aServerThatDoesNotSayItsVpcUsesItsFirst() {
        assertEquals(Optional.of("10.0.0.1"), Network.OWN.addressOf(
                server(null, new Server.Address("a", "10.0.0.1"), new Server.Address("b", "10.0.1.1"))));
    }

    @Test
    void aServerWithoutAddressHasNone() {
        assertEquals(Optional.empty(), Network.OWN.addressOf(server(null)));
        assertEquals(Optional.empty(), Network.OWN.addressOf(server("gone", new Server.Address("a", "10.0.0.1"))));
    }
}
