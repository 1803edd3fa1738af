package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

class PortRangeTest {

    @ParameterizedTest
    @CsvSource({"5701,5701", "5702,5701-5702", "5703,5701-5703", "5708,5701-5708", "5709,5709", "5700,5700", "1,1", "65535,65535",
        "5701-5703,5701-5703", "5702-5703,5702-5703", "5705-5705,5705", "' 5701 - 5708 ',5701-5708", "6000-6099,6000-6099", "05701,5701"})
    void readsPortsRangesAndTheLargestPort(String text, String range) {
        assertEquals(range, PortRange.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "5701-", "-5701", "5701-5702-5703", "5701,5702", "5701.5", "99999999999", "+5701", "five",
        "0", "65536", "5701-65536", "0-5701", "5701-0", "65536-5701", "5703-5701", "6000-6100", "1-65535"})
    void showsTheFormsForAnythingElse(String text) {
        String sentence = assertThrows(InvalidConfigurationException.class, () -> PortRange.parse(text)).getMessage();
        assertTrue(sentence.startsWith("port '" + text + "' is "), sentence);
        assertTrue(sentence.endsWith("give '5701' (that port), '5701-5703' (a range of at most 100 ports) or '5703' "
                + "(5702 to 5708: from 5701 up to it)."), sentence);
    }

    @ParameterizedTest
    @CsvSource({"0,outside", "65536,outside", "5703-5701,reversed", "6000-6100,more than 100", "x,not a port"})
    void saysWhatIsWrong(String text, String why) {
        String sentence = assertThrows(InvalidConfigurationException.class, () -> PortRange.parse(text)).getMessage();
        assertTrue(sentence.contains(why), sentence);
    }

    @ParameterizedTest
    @CsvSource({"5700,false", "5701,true", "5702,true", "5703,true", "5704,false"})
    void holdsItsPortsAndNoOther(int port, boolean inside) {
        assertEquals(inside, PortRange.parse("5701-5703").holds(port));
    }
}
