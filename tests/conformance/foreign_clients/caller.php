<?php
// Calls a service with PHP's own SoapClient and tells what it gets, a line a fact.
// Each line of the input is a call: SOAP version, WSDL, operation and JSON of the parameters.
// With nothing to call it only tells whether this PHP has what it takes.
foreach (['SoapClient' => 'php-soap', 'DOMDocument' => 'php-xml'] as $class => $package) {
    if (!class_exists($class)) {
        fwrite(STDERR, "PHP lacks $class: apt-get install $package\n");
        exit(1);
    }
}
while (($line = fgets(STDIN)) !== false) {
    [$version, $wsdl, $operation, $parameters] = explode("\t", rtrim($line, "\n"));
    $client = new SoapClient($wsdl, [
        'soap_version' => $version === '1.1' ? SOAP_1_1 : SOAP_1_2,
        'cache_wsdl' => WSDL_CACHE_NONE,
        'exceptions' => true,
    ]);
    tell('call', $version, $operation);
    try {
        $answer = $client->__soapCall($operation, [json_decode($parameters, true)]);
        show($answer->{"{$operation}Result"});
    } catch (SoapFault $fault) {
        tell('fault', $fault->getMessage());
    }
}

function show(stdClass $result): void
{
    if (!isset($result->any)) {
        foreach (get_object_vars($result) as $name => $value) {
            tell('result', $name, is_bool($value) ? var_export($value, true) : $value);
        }
        return;
    }
    // PHP hands over what stands in the result's s:any as it came: the diffgram with its rows.
    $any = is_array($result->any) ? implode('', $result->any) : $result->any;
    $document = new DOMDocument();
    $document->loadXML("<any>$any</any>");
    foreach ($document->getElementsByTagName('Table') as $row) {
        $told = [];
        foreach ($row->childNodes as $column) {
            $told[] = "{$column->nodeName}={$column->textContent}";
        }
        tell('row', ...$told);
    }
}

function tell(string ...$words): void
{
    echo implode("\t", $words), "\n";
}
